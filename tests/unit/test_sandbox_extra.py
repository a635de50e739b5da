from pathlib import Path

import pytest

from sandbox import extra
from sandbox.gotools import extra_tools, tools
from sandbox.paths import PACKAGE
from sandbox.steps import SandboxError


def program(folder: Path, text: str) -> Path:
    file = folder / "manifests"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def test_chart_is_the_committed_one_with_the_modules_manifests(tmp_path: Path) -> None:
    chart = tmp_path / "charts" / "cloudnative-pg"
    for said in ("first", "second"):
        extra._write_chart(chart, program(tmp_path, f"echo 'kind: {said}'"))  # pyright: ignore[reportPrivateUsage]
        assert (chart / "manifests.yaml").read_text() == f"kind: {said}\n"
    source = PACKAGE / "charts" / "cloudnative-pg"
    files = {file.relative_to(source) for file in source.rglob("*") if file.is_file()}
    assert {file.relative_to(chart) for file in chart.rglob("*") if file.is_file()} == {*files, Path("manifests.yaml")}
    assert [path.name for path in chart.parent.iterdir()] == ["cloudnative-pg"]


def test_a_module_without_manifests_leaves_the_chart_as_it_was(tmp_path: Path) -> None:
    chart = tmp_path / "charts" / "cloudnative-pg"
    with pytest.raises(SandboxError, match="no manifests of its version: no such file"):
        extra._write_chart(chart, program(tmp_path, "echo no such file >&2; exit 1"))  # pyright: ignore[reportPrivateUsage]
    assert not chart.exists()


def test_nothing_extra_is_built_by_make_up() -> None:
    assert {tool.name for tool in extra_tools()} == set(extra.EXTRAS)
    assert not {tool.name for tool in extra_tools()} & {tool.name for tool in tools()}
