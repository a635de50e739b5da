import os
import sys
from pathlib import Path

import pytest

from sandbox import bins, gotoolchain, host
from sandbox.gotools import GoTools
from sandbox.paths import Sandbox
from sandbox.steps import SandboxError, Step
from sandbox.versions import versions


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the one folder that is on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def step(tmp_path: Path) -> Step:
    return Step("test", tmp_path / "test.log")


def test_root_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SandboxError, match="as root"):
        host.check()


def test_linux_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxError, match="Linux only; this is darwin"):
        host.check()


def test_go_of_the_machine_is_used_if_new_enough(tmp_path: Path, only: Path) -> None:
    go = script(only / "go", "echo go1.99.1")
    now = step(tmp_path)
    assert gotoolchain.go(tmp_path / "cache", now) == go
    assert "1.99.1" in now.result


def test_an_old_go_is_replaced_by_the_cached_package(tmp_path: Path, only: Path) -> None:
    script(only / "go", "echo go1.19")
    package = versions()["go"]["package"].replace("==", "-")
    cached = script(tmp_path / "cache" / "tools" / package / "go" / "bin" / "go", "echo go1.26.6")
    assert gotoolchain.go(tmp_path / "cache", step(tmp_path)) == cached


@pytest.mark.parametrize(("said", "release"), [("go1.26.8", "1.26.8"), ("go1.27rc1", "1.27"), ("nothing", None)])
def test_release_of_a_tool_chain(tmp_path: Path, said: str, release: str | None) -> None:
    assert gotoolchain.release(script(tmp_path / "go", f"echo {said}")) == release


def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bins.Plugin]:
    built = GoTools(tmp_path / "cache", tmp_path / "no-go")
    monkeypatch.setattr(built, "path", lambda name: tmp_path / "built" / name)
    return {plugin.name: plugin for plugin in bins.plugins(Sandbox.of(tmp_path), built)}


@pytest.fixture
def go_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.gotools.release", lambda _: "1.26.8")


@pytest.mark.usefixtures("go_less", "only")
def test_stand_ins_serve_where_nothing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "none"))
    found = plugins(tmp_path, monkeypatch)
    assert {plugin.kind for plugin in found.values()} == {"stand-in"}
    assert set(found) == {"pulumi-resource-kubernetes", "pulumi-resource-random", "pulumi-language-python"}


@pytest.mark.usefixtures("go_less", "only")
def test_an_installed_official_plugin_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("PULUMI_HOME", str(home))
    version = versions()["plugins"]["kubernetes"]
    path = home / "plugins" / f"resource-kubernetes-v{version}" / "pulumi-resource-kubernetes"
    script(path, "true")
    script(home / "plugins" / "resource-random-v1.0.0" / "pulumi-resource-random", "true")  # another version
    found = plugins(tmp_path, monkeypatch)
    assert found["pulumi-resource-kubernetes"] == bins.Plugin("pulumi-resource-kubernetes", path, official=True)
    assert not found["pulumi-resource-random"].official


@pytest.mark.usefixtures("go_less")
def test_a_plugin_on_the_path_wins(tmp_path: Path, only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "none"))
    path = script(only / "pulumi-language-python", "true")
    assert plugins(tmp_path, monkeypatch)["pulumi-language-python"].path == path
