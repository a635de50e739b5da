"""A workflow that never ends, as Airbyte has one for each connection: it reads the database, waits, and starts anew."""

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

from standin import database
from standin.settings import Database

PERIOD = timedelta(seconds=10)
ACTIVITY = "count_connections"


class Connections:
    """The activity, which has a database to read."""

    def __init__(self, target: Database) -> None:
        self.target = target

    @activity.defn(name=ACTIVITY)
    def count(self) -> int:
        """Return the number of connections."""
        with database.connect(self.target) as connection:
            (number,) = connection.execute("SELECT count(*) FROM connection").fetchone() or (0,)
        return int(number)


@workflow.defn
class Heartbeat:
    """One beat, and after it the next in a run of its own."""

    @workflow.run
    async def run(self) -> None:
        """Beat once."""
        await workflow.execute_activity(
            ACTIVITY,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_interval=PERIOD),
        )
        await workflow.sleep(PERIOD)
        workflow.continue_as_new()
