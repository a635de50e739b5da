"""A client at work on a database while something happens to it, and what it was promised."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.sandbox.deployments import App
from tests.support.cluster import get, secret_values, start, until

SCRIPT = Path(__file__).with_name("count_commits.py")


@dataclass
class Commits:
    """The rows whose commit was acknowledged so far.

    Attributes:
        acknowledged: their numbers.
        times: when each was, in seconds of the monotonic clock.
        connected: when connections were opened, by the same clock.
        failures: when a client got an error, and which.
    """

    acknowledged: set[int] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    connected: list[float] = field(default_factory=list)
    failures: list[tuple[float, str]] = field(default_factory=list)

    def wait_for_more(self, count: int, seconds: float = 90) -> None:
        """Wait until so many more commits were acknowledged."""
        goal = len(self.acknowledged) + count
        until(f"{goal} commits", lambda: ((n := len(self.acknowledged)) >= goal, n), seconds, 0.05)

    def longest_gap(self, since: float) -> tuple[float, float]:
        """Begin and end of the longest time without a commit after `since`, all clients together."""
        times = sorted(self.times)
        later = [when for when in times if when >= since]
        before = max((when for when in times if when < since), default=since)
        return max(pairwise([before, *later]), key=lambda gap: gap[1] - gap[0])


@contextmanager
def counting(app: App) -> Iterator[Commits]:
    """Let a client write through the database's Service, from another process than the server's pod."""
    app.pod.rows("DROP TABLE IF EXISTS commits; CREATE TABLE commits (number bigint PRIMARY KEY)")
    address = get("service", app.service, app.namespace)["spec"]["clusterIP"]
    password = secret_values(app.secret, app.namespace)["password"]
    place = {"host": address, "port": "5432", "dbname": app.pod.database, "user": app.pod.username}
    with writing(place, password) as commits:
        yield commits


@contextmanager
def writing(parameters: Mapping[str, str], password: str) -> Iterator[Commits]:
    """Let a client write into the table `commits`, which must be there.

    Args:
        parameters: of libpq: where the database is, as whom, and how.
        password: of the role.
    """
    argv = [sys.executable, str(SCRIPT), *(f"{name}={value}" for name, value in parameters.items())]
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
        what, when, *message = line.split()
        if what == "connected":
            commits.connected.append(float(when))
        elif what == "failed":
            commits.failures.append((float(when), " ".join(message)))
        else:
            commits.times.append(float(when))
            commits.acknowledged.add(int(what))
