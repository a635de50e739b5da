"""A small job, a schedule for it, and two assets: enough to see runs, events and logs in seconds."""

import time

from dagster import (
    Config,
    DefaultScheduleStatus,
    Definitions,
    MaterializeResult,
    OpExecutionContext,
    ScheduleDefinition,
    asset,
    in_process_executor,
    job,
    op,
)


class WaitConfig(Config):
    """How long the middle of the job takes."""

    seconds: float = 1.0


@op
def extract(context: OpExecutionContext) -> list[int]:
    """Return some rows."""
    rows = list(range(1, 101))
    context.log.info("extracted %d rows", len(rows))
    return rows


@op
def transform(context: OpExecutionContext, config: WaitConfig, rows: list[int]) -> list[int]:
    """Take the time that the run's config says, then square every row."""
    end = time.monotonic() + config.seconds
    while (left := end - time.monotonic()) > 0:
        context.log.info("%.0f seconds left", left)
        time.sleep(min(left, 5))
    return [row * row for row in rows]


@op
def load(context: OpExecutionContext, rows: list[int]) -> int:
    """Return the sum of the rows."""
    total = sum(rows)
    context.log.info("loaded %d rows, sum %d", len(rows), total)
    return total


@job
def nightly() -> None:
    """Extract, transform, load. ``{"ops": {"transform": {"config": {"seconds": 60}}}}`` makes it take a minute."""
    load(transform(extract()))


@asset
def numbers() -> MaterializeResult:
    """Report how many numbers there are."""
    return MaterializeResult(metadata={"rows": 100})


@asset(deps=[numbers])
def squares() -> MaterializeResult:
    """Report how many squares there are."""
    return MaterializeResult(metadata={"rows": 100})


defs = Definitions(
    assets=[numbers, squares],
    jobs=[nightly],
    # One process a run: a process an op would take longer to start than the ops take.
    executor=in_process_executor,
    schedules=[
        ScheduleDefinition(job=nightly, cron_schedule="0 3 * * *", default_status=DefaultScheduleStatus.RUNNING)
    ],
)
