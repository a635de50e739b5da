"""The cache of layers and archives: made once, whole or not at all, again when an input changes."""

import os
import time
from pathlib import Path

import pytest

from sandbox.images.cache import Builder, ImageError, digest, run, scratch


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def builder(tmp_path: Path, said: list[str]) -> Builder:
    return Builder(cache=tmp_path / "images", tools=Path, report=said.append)


def test_made_once_and_reported_once(builder: Builder, said: list[str]) -> None:
    calls: list[Path] = []

    def make(target: Path) -> None:
        calls.append(target)
        target.write_bytes(b"x" * 2_000_000)

    first = builder.cached("thing", "key", make)
    second = builder.cached("thing", "key", make)
    assert first == second == builder.cache / "thing-key.tar"
    assert len(calls) == 1
    assert len(said) == 1 and said[0].startswith("made thing (2 MB, ")


def test_failed_build_leaves_nothing(builder: Builder) -> None:
    def make(target: Path) -> None:
        target.write_bytes(b"half")
        raise ImageError("broken")

    with pytest.raises(ImageError):
        builder.cached("thing", "key", make)
    assert list(builder.cache.iterdir()) == []


def test_folder_of_a_killed_build_is_removed_a_day_later(tmp_path: Path) -> None:
    for name, age in (("tmp-old", 90_000), ("tmp-new", 10)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    with scratch(tmp_path):
        assert {path.name for path in tmp_path.glob("tmp-[on]*")} >= {"tmp-new"}
        assert not (tmp_path / "tmp-old").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["tmp-new"]


def test_key_depends_on_every_text_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/f").write_text("1")
    keys = {digest(tmp_path / "a"), digest(tmp_path / "a", "x")}
    (tmp_path / "a/f").write_text("2")
    keys.add(digest(tmp_path / "a"))
    (tmp_path / "a/f").rename(tmp_path / "a/g")
    keys.add(digest(tmp_path / "a"))
    keys |= {digest("ab", "c"), digest("a", "bc")}
    assert len(keys) == 6


def test_key_ignores_what_python_leaves_behind(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("1")
    before = digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/f.pyc").write_text("x")
    assert digest(tmp_path) == before


def test_failed_command_shows_its_last_lines() -> None:
    with pytest.raises(ImageError, match=r"(?s)try: sh failed with exit code 3\n.*line 20$") as error:
        run("try", "sh", "-c", "for i in $(seq 20); do echo line $i; done; exit 3")
    assert "line 5\n" not in str(error.value)


def test_missing_command_is_named() -> None:
    with pytest.raises(ImageError, match="try: no-such-program is not installed"):
        run("try", "no-such-program")
