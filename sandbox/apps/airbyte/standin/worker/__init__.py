"""The worker: it runs workflows of Temporal's, and keeps an eye on what it depends on."""

from standin import database
from standin.services import REPLICA, alive, read, storage_check, watch
from standin.settings import from_jdbc, require
from standin.web import serve
from standin.worker.temporal import Temporal


def run() -> None:
    """Answer the heartbeat on port 9000, run Temporal's, and watch the database, Temporal and the storage."""
    env = require(*REPLICA, "AB_JWT_SIGNATURE_SECRET", "TEMPORAL_HOST", "WORKLOAD_API_HOST")
    target = from_jdbc()
    database.wait(target)
    serve(9000, {("GET", "/"): alive}, background=True)
    watch(
        {
            "the database": lambda: read(target),
            "Temporal": Temporal(env["TEMPORAL_HOST"], target).check,
            **storage_check(),
        }
    )
