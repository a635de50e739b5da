"""Runs in a pod of Dagster's image: WRITERS processes store events for SECONDS; prints how many a second."""

import multiprocessing
import os
import sys
import time
import uuid

from dagster import DagsterEvent
from dagster._core.events.log import EventLogEntry
from dagster_postgres.event_log import PostgresEventLogStorage

URL = os.environ["uri"]  # noqa: SIM112 - the Secret's key


def entry(run_id: str, number: int) -> EventLogEntry:
    """An event as a step of a run writes it."""
    message = f"Started execution of step {number}"
    event = DagsterEvent("STEP_START", "bench", step_key=f"step_{number}", message=message)
    return EventLogEntry(
        error_info=None,
        level=10,
        user_message=message,
        run_id=run_id,
        timestamp=time.time(),
        step_key=f"step_{number}",
        job_name="bench",
        dagster_event=event,
    )


def write(seconds: float, start: "multiprocessing.Barrier", stored: "multiprocessing.Queue[int]") -> None:
    """Store events of one run for so long, from when all writers are ready."""
    storage = PostgresEventLogStorage(URL, should_autocreate_tables=False)
    run_id, number = str(uuid.uuid4()), 0
    storage.store_event(entry(run_id, number))
    start.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number += 1
        storage.store_event(entry(run_id, number))
    stored.put(number)


def main(writers: int, seconds: float) -> None:
    """Print the rate of all writers together."""
    PostgresEventLogStorage(URL)
    start, stored = multiprocessing.Barrier(writers), multiprocessing.Queue()
    processes = [multiprocessing.Process(target=write, args=(seconds, start, stored)) for _ in range(writers)]
    for process in processes:
        process.start()
    print(sum(stored.get() for _ in processes) / seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
