"""The shell and SQL that run in pods."""

from pathlib import Path


def read(*names: str) -> dict[str, str]:
    """Texts of the named scripts, for a ConfigMap.

    Raises:
        FileNotFoundError: there is no such script.
    """
    folder = Path(__file__).parent
    return {name: (folder / name).read_text() for name in names}
