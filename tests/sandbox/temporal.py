"""Workflows that tests run on an app's Temporal, from a pod of its worker, which has Temporal's library."""

import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.cluster import DatabasePod, start

SCRIPT = Path(__file__).with_name("workflows.py")
COUNT = """
    SELECT datname, count(*) FROM pg_stat_activity
    WHERE datname LIKE 'temporal%' AND backend_type = 'client backend' GROUP BY 1
"""


class Workflows:
    """Some that run."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process, self.output = process, process.stdout

    def wait_started(self) -> None:
        """Wait until Temporal has taken all of them."""
        line = self.output.readline()
        assert line == "started\n", line + self.output.read()

    def completed(self, seconds: float) -> int:
        """Wait until the last is completed; return how many are."""
        late = threading.Timer(seconds, self.process.kill)
        late.start()
        printed = self.output.read()
        late.cancel()
        assert self.process.wait() == 0, printed
        return int(printed.split()[-1])


@contextmanager
def workflows(namespace: str, release: str, number: int, seconds: float) -> Generator[Workflows]:
    """Start workflows that wait for some seconds between two activities each."""
    program = ["/opt/airbyte/bin/python", "-c", SCRIPT.read_text(), str(number), str(seconds)]
    argv = ["kubectl", "exec", "--namespace", namespace, f"deployment/{release}-worker", "--", *program]
    process = start(*argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield Workflows(process)
    finally:
        process.kill()
        process.wait()


@contextmanager
def most_connections(server: DatabasePod) -> Generator[dict[str, int]]:
    """Count the connections to Temporal's databases; the mapping has the most of each when the block has ended."""
    most: dict[str, int] = {}
    ended = threading.Event()

    def count() -> None:
        last = False
        while not last:
            # Once more after the end: pools keep what they have opened.
            last = ended.wait(0.2)
            for database, number in server.rows(COUNT):
                most[database] = max(most.get(database, 0), int(number))

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()
