"""The tools that are built from pinned Go modules, and the cache that every clone shares.

A tool's entry in the cache is named by the hash of all that it is built from: the module's ``go.mod`` and ``go.sum``,
and our own Go files in it. Tools share a module wherever their libraries' versions allow it, since Go compiles a
library anew for each set of versions. Everything is built without C: a bare machine has no compiler, and the result
runs on any of them.
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

# No debugging information: the linker omits it anyway, and writing it takes a tenth of the compile time.
FLAGS = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")
HINT = "Go's module proxy must be reachable. Compiled packages are cached: run it again to continue."
RETENTION = 30 * 86400  # seconds after its last use until a build is removed from the cache


@dataclass(frozen=True)
class Tool:
    """Programs that are built together.

    Attributes:
        name: what the step, the lock and the entry in the cache are called.
        binaries: names of the programs.
        packages: Go packages that they are built from; ``tool`` is all that the module's tool directives name.
        module: folder of ``go.mod`` and ``go.sum``, below this package.
        own: folder of our own Go files that go into them, below this package; empty if there are none.
        variables: string variables of Go packages that the linker sets.
        renamed: programs that Go calls otherwise, Go's name first.
        files: further files of the entry in the cache, by the module that they are taken from.
    """

    name: str
    binaries: tuple[str, ...]
    packages: tuple[str, ...]
    module: str = "."
    own: str = ""
    variables: dict[str, str] = field(default_factory=lambda: {})
    renamed: dict[str, str] = field(default_factory=lambda: {})
    files: dict[str, tuple[str, ...]] = field(default_factory=lambda: {})

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all files of the entry in the cache."""
        return (*self.binaries, *(Path(file).name for files in self.files.values() for file in files))

    @property
    def folder(self) -> Path:
        """Folder of the module."""
        return PACKAGE / self.module

    def sources(self) -> Iterator[Path]:
        """Yield what the tool is built from: versions, checksums, own Go and embedded files; not tests."""
        yield from (self.folder / "go.mod", self.folder / "go.sum")
        if not self.own:
            return
        for path in sorted((PACKAGE / self.own).rglob("*")):
            if path.is_file() and not path.name.endswith("_test.go") and "__pycache__" not in path.parts:
                yield path

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
        # A module of its own, with the library versions of its release; Helm needs newer ones.
        Tool("kubernetes", components, ("tool",), module="tools/kubernetes", variables=kubernetes),
        Tool("etcd", ("etcd",), ("go.etcd.io/etcd/server/v3",), renamed={"server": "etcd"}),
        Tool("coredns", ("coredns",), ("./tools/coredns",), own="tools/coredns"),
        Tool("volumes", ("volumes",), ("./tools/volumes",), own="tools/volumes"),
        Tool("helm", ("helm",), ("helm.sh/helm/v3/cmd/helm",), variables=helm),
        Tool("pulumi", ("pulumi",), ("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",), variables=pulumi),
        Tool("plugins", plugins, tuple(f"./plugins/cmd/{name}" for name in plugins), own="plugins"),
        Tool("minio", ("minio", "mc"), ("github.com/minio/minio", "github.com/minio/mc")),
        # A module of its own, with the library versions of its release, too.
        Tool(
            "temporal",
            ("temporal-server", "temporal-sql-tool", "temporal-setup"),
            ("tool", "./setup"),
            module="tools/temporal",
            own="tools/temporal/setup",
            renamed={"server": "temporal-server", "sql": "temporal-sql-tool", "setup": "temporal-setup"},
            files={"go.temporal.io/server": ("docker/config_template.yaml",)},
        ),
    ]


def extra_tools() -> list[Tool]:
    """Return the tools that `make up` does not need; `python -m sandbox extra` builds them."""
    version = versions()["tools"]["cloudnativepg"]
    variables = {"github.com/cloudnative-pg/cloudnative-pg/pkg/versions.buildVersion": version}
    folder = "tools/cloudnativepg"
    packages = ("tool", "./manifests")
    return [
        Tool(
            "cloudnativepg", ("manager", "manifests"), packages, folder, own=f"{folder}/manifests", variables=variables
        )
    ]


class GoTools:
    """Finds and builds tools with one tool chain and one cache."""

    def __init__(self, cache: Path, go: Path) -> None:
        """Take the cache's folder and the ``go`` to build with."""
        self.cache = cache
        self.go = go
        self.version = release(go) or "unknown"

    def entry(self, tool: Tool) -> Path:
        """Return the tool's folder in the cache, whether it exists or not."""
        return self.cache / "tools" / f"{tool.name}-{self.key(tool)}"

    def key(self, tool: Tool) -> str:
        """Return the hash of everything that the tool is built from."""
        total = hashlib.sha256()
        inputs = [self.version, os.uname().machine, *FLAGS, tool.linker_flags, *tool.names, *tool.packages]
        for text in inputs:
            total.update(text.encode() + b"\0")
        for path in tool.sources():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(PACKAGE)}\0{content}\0".encode())
        return total.hexdigest()[:16]

    def path(self, binary: str) -> Path:
        """Return the path of a built program, or of a file beside it.

        Raises:
            SandboxError: there is no such tool, or it is not built.

        """
        for tool in (*tools(), *extra_tools()):
            if binary in tool.names:
                path = self.entry(tool) / binary
                if not path.exists():
                    msg = f"{binary} is not built: run make up."
                    raise SandboxError(msg)
                return path
        msg = f"No tool of the sandbox is called {binary}."
        raise SandboxError(msg)

    def fetch(self, tools: list[Tool], step: Step) -> None:
        """Download the modules of tools that are not built yet, for a concurrent build.

        A failed download is not an error: the build that needs the module tries again, and reports it.
        """
        missing: dict[Path, list[str]] = {}
        for tool in tools:
            if not self.entry(tool).exists():
                missing.setdefault(tool.folder, []).extend(tool.packages)
        failed = 0
        for folder, packages in missing.items():
            step.doing("downloading")
            try:
                # Lists the imports and prints nothing: downloads the modules that are compiled and no others.
                command = [self.go, "list", "-deps", '-f={{""}}', *packages]
                step.run(command, cwd=folder, env=self._env(), hint=HINT, on_line=step.doing)
            except SandboxError:
                failed += 1
        step.note("some are missing, see the builds" if failed else "downloaded" if missing else "not needed")

    def build(self, tool: Tool, step: Step) -> None:
        """Build a tool unless it is in the cache. An interrupted build leaves no entry in the cache.

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
        """Remove the tool's former builds that no clone has used for a long time."""
        for entry in (self.cache / "tools").glob(f"{tool.name}-*"):
            if time.time() - entry.stat().st_mtime > RETENTION:
                shutil.rmtree(entry, ignore_errors=True)

    def _build(self, tool: Tool, entry: Path, step: Step) -> None:
        temporary = entry.with_name(f"tmp-{tool.name}")  # ours alone: the tool's lock is held
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        step.doing("compiling")
        step.run(
            [self.go, "build", *FLAGS, f"-ldflags={tool.linker_flags}", "-o", f"{temporary}/", *tool.packages],
            cwd=tool.folder,
            env=self._env(),
            hint=HINT,
            on_line=step.doing,
        )
        for built, name in tool.renamed.items():
            (temporary / built).rename(temporary / name)
        for module, files in tool.files.items():
            self._copy(module, files, tool, temporary, step)
        missing = [name for name in tool.names if not (temporary / name).exists()]
        if missing:
            msg = f"The build of {tool.name} has no {', '.join(missing)}: see {tool.folder}."
            raise SandboxError(msg)
        temporary.rename(entry)

    def _copy(self, module: str, files: tuple[str, ...], tool: Tool, target: Path, step: Step) -> None:
        found: list[str] = []
        command = [self.go, "list", "-m", "-f={{.Dir}}", module]
        step.run(command, cwd=tool.folder, env=self._env(), hint=HINT, on_line=found.append)
        for file in files:
            shutil.copy(Path(found[-1]) / file, target)

    def _env(self) -> dict[str, str]:
        """Return the environment of a Go command: nothing of the machine's settings changes what is built."""
        return {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly",
            "GOWORK": "off",
            "PATH": f"{self.go.parent}:{os.environ['PATH']}",
        }
