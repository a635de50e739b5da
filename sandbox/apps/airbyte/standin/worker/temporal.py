"""The worker's side of Temporal: it runs the heartbeat, and sees to it that there is one."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from standin.settings import Database
from standin.worker.heartbeat import Connections, Heartbeat

NAME = "stand-in-heartbeat"  # of the workflow, and of its task queue
SECONDS = 10  # until an answer is late


class Temporal:
    """A worker in a thread, connected to one server, that comes back when it or the server ended."""

    def __init__(self, address: str, target: Database) -> None:
        self.address = address
        self.connections = Connections(target)
        self.client: Client | None = None
        self.worker: asyncio.Task[None] | None = None
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def check(self) -> None:
        """Have the worker run, and the heartbeat started; that is also how the server shows that it works.

        Raises:
            OSError: it does not answer, or with an error.

        """
        future = asyncio.run_coroutine_threadsafe(self._check(), self.loop)
        try:
            future.result(SECONDS)
        except (RPCError, RuntimeError, TimeoutError) as error:
            future.cancel()
            raise OSError(str(error) or "no answer in time") from error

    async def _check(self) -> None:
        if self.worker is not None and self.worker.done():
            # It remains registered with its client, which takes no second one.
            ended, self.client, self.worker = self.worker, None, None
            ended.result()
        if self.client is None:
            self.client = await Client.connect(self.address)
        await self.client.start_workflow(
            Heartbeat.run,
            id=NAME,
            task_queue=NAME,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=timedelta(seconds=SECONDS),
        )
        # A worker ends at once where its namespace does not exist yet; then there is no workflow either.
        if self.worker is None:
            self.worker = asyncio.create_task(self._work(self.client))

    async def _work(self, client: Client) -> None:
        with ThreadPoolExecutor(1) as executor:
            await Worker(
                client,
                task_queue=NAME,
                workflows=[Heartbeat],
                activities=[self.connections.count],
                activity_executor=executor,
                max_concurrent_activities=1,
                # The sandbox of the library imports everything anew for each run.
                workflow_runner=UnsandboxedWorkflowRunner(),
            ).run()
