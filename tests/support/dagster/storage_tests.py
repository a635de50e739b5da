"""Dagster's own storage tests, against a server with the one role and database that they know."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.dagster.environment import HERE, python
from tests.support.postgres import Root

LOGIN = {"username": "test", "password": "test"}
DATABASE = "test"
PORT = 5432
"""Where they connect to, on the loopback."""


def run(root: Root, folder: Path, arguments: Sequence[str], *, pooled: bool) -> dict[str, int]:
    """Run them in the root's network.

    Args:
        root: files of the server's image, whose `psql` they use.
        folder: an empty folder for what they write.
        arguments: pytest's, such as which tests.
        pooled: whether they connect to a pooler.

    Returns:
        the number of tests by outcome, as pytest's last line has it.

    Raises:
        AssertionError: a test failed; with pytest's output.
    """
    (folder / "psql").symlink_to(HERE / "psql.sh")
    environment = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(HERE / "plugins"),
        "POSTGRES_ROOT": str(root.path),
        # Where Dagster would note an identifier of its user.
        "HOME": str(folder),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    plugins = ["-p", "dagster_server", *(["-p", "through_a_pooler"] if pooled else [])]
    # Warnings are about Dagster's own code.
    quiet = ["-p", "no:cacheprovider", "-W", "ignore", "--rootdir", str(folder)]
    pytest = [str(python()), "-m", "pytest", "--pyargs", "dagster_postgres_tests", *plugins, *quiet]
    done = subprocess.run(
        [*root.prefix, *pytest, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.strip().splitlines()[-1]
    return {outcome: int(number) for number, outcome in re.findall(r"(\d+) (\w+)", last.partition(" in ")[0])}
