"""Runs in a pod of Airbyte's worker: NUMBER workflows of an activity, a timer of SECONDS, and another activity.

Prints `started` when Temporal has taken all, and at the end how many were completed with the right result.
"""

import asyncio
import os
import sys
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE = "of-a-test"
SOON = timedelta(seconds=30)
PASSING = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,  # by the client's own timeout
    RPCStatusCode.RESOURCE_EXHAUSTED,  # `Workflow is busy`: its task waits for the database
}
"""What Temporal answers while it has no database."""
T = TypeVar("T")


@activity.defn
async def add(number: int) -> int:
    return number + 1


@workflow.defn(name="Adding")
class Adding:
    @workflow.run
    async def run(self, number: int, seconds: float) -> int:
        first = await workflow.execute_activity(add, number, start_to_close_timeout=SOON)
        await workflow.sleep(seconds)
        return await workflow.execute_activity(add, first, start_to_close_timeout=SOON)


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again where the library, after ten seconds without an answer of the server, does not."""
    while True:
        try:
            return await ask()
        except RPCError as error:
            if error.status not in PASSING:
                raise
            await asyncio.sleep(1)


async def main(number: int, seconds: float) -> None:
    client = await Client.connect(os.environ["TEMPORAL_HOST"])
    queue = f"{QUEUE}-{uuid.uuid4()}"
    # A start that is asked for again may have begun.
    begun = WorkflowIDConflictPolicy.USE_EXISTING

    def begin(each: int) -> Awaitable[WorkflowHandle[Adding, int]]:
        identifier = f"{queue}-{each}"
        return client.start_workflow(
            Adding.run, args=[each, seconds], id=identifier, task_queue=queue, id_conflict_policy=begun
        )

    worker = Worker(
        client,
        task_queue=queue,
        workflows=[Adding],
        activities=[add],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        handles = await asyncio.gather(*(patiently(partial(begin, each)) for each in range(number)))
        print("started", flush=True)
        results = await asyncio.gather(*(patiently(handle.result) for handle in handles))
    assert results == [each + 2 for each in range(number)], results
    print("completed", len(results), flush=True)


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
# Without the interpreter's end, during which the library's threads have crashed after a restart of the server.
os._exit(0)
