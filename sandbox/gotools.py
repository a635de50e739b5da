"""The tools that are built from pinned Go modules, and the cache that every clone shares.

A tool is a folder with ``go.mod`` and ``go.sum``; its entry in the cache is named by the hash of all that it is built
from. Everything is built without C: a bare machine has no compiler, and the result runs on any of them.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.gotoolchain import release
from sandbox.locks import locked
from sandbox.paths import PACKAGE
from sandbox.steps import SandboxError, Step
from sandbox.versions import versions

FLAGS = ("-trimpath", "-buildvcs=false")
KEPT = 30 * 86400  # seconds that a build which nobody asks for stays in the cache


@dataclass(frozen=True)
class Tool:
    """A Go module and what is built from it."""

    name: str
    binaries: tuple[str, ...]
    packages: tuple[str, ...] = ("tool",)  # all that the module's tool directives name
    folder: Path = Path()
    variables: dict[str, str] = field(default_factory=lambda: {})
    renamed: dict[str, str] = field(default_factory=lambda: {})

    @property
    def source(self) -> Path:
        """Folder of the module."""
        return PACKAGE / (self.folder if self.folder != Path() else Path("tools") / self.name)

    @property
    def linker_flags(self) -> str:
        """No symbol tables, and the version that the program says it is."""
        return " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in self.variables.items())])


def tools() -> list[Tool]:
    """Return every tool, in the order in which they are built."""
    pins: dict[str, str] = versions()["tools"]
    kubernetes = {"k8s.io/component-base/version.gitVersion": f"v{pins['kubernetes']}"}
    pulumi = {"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": f"v{pins['pulumi']}"}
    helm = {"helm.sh/helm/v3/internal/version.version": f"v{pins['helm']}"}
    components = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")
    plugins = ("pulumi-resource-kubernetes", "pulumi-resource-random", "pulumi-language-python")
    return [
        Tool("kubernetes", components, variables=kubernetes),
        Tool("etcd", ("etcd",), renamed={"server": "etcd"}),
        Tool("coredns", ("coredns",), packages=(".",)),
        Tool("volumes", ("volumes",), packages=(".",)),
        Tool("helm", ("helm",), variables=helm),
        Tool("pulumi", ("pulumi",), variables=pulumi),
        Tool("plugins", plugins, packages=tuple(f"./cmd/{name}" for name in plugins), folder=Path("plugins")),
        Tool("minio", ("minio", "mc")),
    ]


def extra_tools() -> list[Tool]:
    """Return the tools that `make up` does without; who needs them says `python -m sandbox extra`."""
    version = versions()["tools"]["cloudnativepg"]
    said = {"github.com/cloudnative-pg/cloudnative-pg/pkg/versions.buildVersion": version}
    return [Tool("cloudnativepg", ("manager", "manifests"), packages=("tool", "./manifests"), variables=said)]


class GoTools:
    """Finds and builds tools with one tool chain and one cache."""

    def __init__(self, cache: Path, go: Path) -> None:
        """Take the cache's folder and the ``go`` to build with."""
        self.cache = cache
        self.go = go
        self.version = release(go) or "unknown"

    def entry(self, tool: Tool) -> Path:
        """Return the tool's folder in the cache, whether it is there or not."""
        return self.cache / "tools" / f"{tool.name}-{self.key(tool)}"

    def key(self, tool: Tool) -> str:
        """Return the hash of all that the tool is built from."""
        total = hashlib.sha256()
        said = [self.version, os.uname().machine, *FLAGS, tool.linker_flags, *tool.binaries, *tool.packages]
        for text in said:
            total.update(text.encode() + b"\0")
        for path in _sources(tool.source):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(tool.source)}\0{content}\0".encode())
        return total.hexdigest()[:16]

    def path(self, binary: str) -> Path:
        """Return the path of a built program.

        Raises:
            SandboxError: there is no such tool, or it is not built.

        """
        for tool in (*tools(), *extra_tools()):
            if binary in tool.binaries:
                path = self.entry(tool) / binary
                if not path.exists():
                    msg = f"{binary} is not built: run make up."
                    raise SandboxError(msg)
                return path
        msg = f"No tool of the sandbox is called {binary}."
        raise SandboxError(msg)

    def build(self, tool: Tool, step: Step) -> None:
        """Build a tool unless the cache has it. An interrupted build leaves nothing that counts.

        Raises:
            SandboxError: it does not compile, or a module could not be fetched.

        """
        entry = self.entry(tool)
        if entry.exists():
            os.utime(entry)
            step.note("cached")
            return
        with locked(self.cache / "locks" / tool.name):
            if entry.exists():
                step.note("cached, built by another clone")
                return
            self._build(tool, entry, step)
        self._prune(tool)
        size = sum(path.stat().st_size for path in entry.iterdir())
        step.note(f"built, {size / 1e6:.0f} MB")

    def _prune(self, tool: Tool) -> None:
        """Remove the tool's former builds that no clone has asked for in a long time."""
        for entry in (self.cache / "tools").glob(f"{tool.name}-*"):
            if time.time() - entry.stat().st_mtime > KEPT:
                shutil.rmtree(entry, ignore_errors=True)

    def _build(self, tool: Tool, entry: Path, step: Step) -> None:
        temporary = entry.with_name(f"tmp-{tool.name}")  # ours alone: the tool's lock is held
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        env = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly",
            "GOWORK": "off",
            "PATH": f"{self.go.parent}:{os.environ['PATH']}",
        }
        hint = "Go's module proxy must be reachable. What was compiled is kept: run it again to go on."
        step.doing("compiling")
        step.run(
            [self.go, "build", *FLAGS, f"-ldflags={tool.linker_flags}", "-o", f"{temporary}/", *tool.packages],
            cwd=tool.source,
            env=env,
            hint=hint,
            on_line=step.doing,
        )
        for built, name in tool.renamed.items():
            (temporary / built).rename(temporary / name)
        missing = [name for name in tool.binaries if not (temporary / name).exists()]
        if missing:
            msg = f"Building {tool.name} made no {', '.join(missing)}: see {tool.source}."
            raise SandboxError(msg)
        temporary.rename(entry)


def _sources(folder: Path) -> Iterator[Path]:
    """Yield what a module is built from: Go files, embedded files, checksums; not its tests."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith("_test.go") and "__pycache__" not in path.parts:
            yield path
