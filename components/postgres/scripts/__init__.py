"""The shell and SQL that run in pods."""

from pathlib import Path


def read(*names: str) -> dict[str, str]:
    """Texts of the named scripts, for a ConfigMap.

    Raises:
        FileNotFoundError: there is no such script.
    """
    folder = Path(__file__).parent
    return {name: (folder / name).read_text() for name in names}


def names() -> list[str]:
    """Names of all scripts, sorted."""
    return sorted(file.name for file in Path(__file__).parent.iterdir() if file.suffix in {".sh", ".sql", ".conf"})
