"""Workers of Dagster, each with storage classes of its own, which store runs and their events as fast as they can.

Run by path with Dagster's packages: dagster_worker.py WORKERS SECONDS, with the storage's address in STORAGE_URL.
Prints `ready` when all workers are there, waits for a line on standard input, and prints as JSON how many statements
were answered and the errors of the others.
"""

import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from dagster import DagsterInstance, DagsterRun
from dagster._core.utils import make_new_run_id
from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext

EVENTS = 5
"""Events of each run."""


class Statements:
    """What became of the statements of all workers."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answered = 0
        self.failed: Counter[str] = Counter()

    def count_answered(self, *_: Any) -> None:
        """A statement had an answer."""
        with self.lock:
            self.answered += 1

    def count_failed(self, context: ExceptionContext) -> None:
        """A statement failed, or a connection for one, whether or not Dagster then tries again."""
        self.fail(str(context.original_exception))

    def fail(self, message: str) -> None:
        """Note an error."""
        with self.lock:
            self.failed[message.strip()] += 1


def work(instance: DagsterInstance, until: float) -> None:
    """Store runs, and read them again."""
    while time.monotonic() < until:
        run = instance.add_run(DagsterRun(job_name="bench", run_id=make_new_run_id()))
        for number in range(EVENTS):
            instance.report_engine_event(f"step {number}", run)
        found = instance.get_run_by_id(run.run_id)
        if found is None or len(instance.all_logs(run.run_id)) != EVENTS:
            raise RuntimeError(f"run {run.run_id} is not what was stored")


def main(workers: int, seconds: float) -> None:
    """Start the workers, and let them work."""
    statements = Statements()
    # Dagster warns before it tries again; that is counted.
    logging.disable(logging.WARNING)
    event.listen(Engine, "after_cursor_execute", statements.count_answered)
    event.listen(Engine, "handle_error", statements.count_failed)
    with TemporaryDirectory() as home:
        storage = {"postgres_url": os.environ["STORAGE_URL"], "should_autocreate_tables": False}
        config = {"storage": {"postgres": storage}, "telemetry": {"enabled": False}}
        Path(home, "dagster.yaml").write_text(yaml.safe_dump(config))
        instances = [DagsterInstance.from_config(home) for _ in range(workers)]
        print("ready", flush=True)
        sys.stdin.readline()
        until = time.monotonic() + seconds

        def guarded(instance: DagsterInstance) -> None:
            try:
                work(instance, until)
            except Exception as error:  # noqa: BLE001 - a worker that ends is what is counted
                statements.fail(f"a worker ended: {error}")

        threads = [threading.Thread(target=guarded, args=(instance,)) for instance in instances]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(json.dumps({"answered": statements.answered, "failed": statements.failed}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
