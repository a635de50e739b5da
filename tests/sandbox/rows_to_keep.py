"""Rows that a test writes to see them again later."""

from pathlib import Path

from tests.support.cluster import DatabasePod

ROWS = [
    ["1", "plain"],
    ["2", 'it\'s "quoted", \\back\\slashed, 100% $HOME'],
    ["3", "äöü € 漢字"],
    ["4", "two\nlines\tand a tab"],
    ["5", ""],
]


def write(pod: DatabasePod) -> None:
    """Make the table with its rows in the app's database, as the app's role."""
    pod.rows(Path(__file__).with_suffix(".sql").read_text())


def read(pod: DatabasePod, database: str = "") -> list[list[str]]:
    """The rows that are there now."""
    return pod.rows("SELECT id, text FROM rows_to_keep ORDER BY id", database=database)


def drop(pod: DatabasePod) -> None:
    """Leave the database as it was found."""
    pod.rows("DROP TABLE rows_to_keep")
