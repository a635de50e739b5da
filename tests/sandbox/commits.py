"""A client at work on a database while something happens to it, and what it was promised."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.sandbox.deployments import App
from tests.support.cluster import get, secret_values, start, until

SCRIPT = Path(__file__).with_name("count_commits.py")


@dataclass
class Commits:
    """The numbers of the rows whose commit was acknowledged so far."""

    acknowledged: set[int] = field(default_factory=set)

    def wait_for_more(self, count: int, seconds: float = 90) -> None:
        """Wait until so many more commits were acknowledged."""
        goal = len(self.acknowledged) + count
        until(f"{goal} commits", lambda: ((n := len(self.acknowledged)) >= goal, n), seconds, 0.05)


@contextmanager
def counting(app: App) -> Iterator[Commits]:
    """Let a client write through the database's Service, from another process than the server's pod."""
    app.pod.rows("DROP TABLE IF EXISTS commits; CREATE TABLE commits (number bigint PRIMARY KEY)")
    address = get("service", app.service, app.namespace)["spec"]["clusterIP"]
    password = secret_values(app.secret, app.namespace)["password"]
    argv = [sys.executable, str(SCRIPT), address, "5432", app.pod.database, app.pod.username]
    process = start(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(f"{password}\n")
    process.stdin.flush()
    commits = Commits()
    reader = threading.Thread(target=_read, args=(process, commits), daemon=True)
    reader.start()
    try:
        yield commits
    finally:
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # its network may be gone; all it was promised is printed
            process.wait(15)
        process.kill()
        process.wait()
        reader.join()


def lost(app: App, commits: Commits) -> set[int]:
    """Rows that were promised and are not there."""
    return commits.acknowledged - {int(number) for (number,) in app.pod.rows("SELECT number FROM commits")}


def _read(process: "subprocess.Popen[str]", commits: Commits) -> None:
    for line in process.stdout or ():
        commits.acknowledged.add(int(line))
