"""What the tests find deployed: names as people know them, written out."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.cluster import DatabasePod

STACK_FILES = Path(__file__).parent / "stacks"


@dataclass(frozen=True)
class App:
    """One app of one stack.

    Attributes:
        stack: name of the stack.
        key: `airbyte` or `dagster`.
        release: name of the Helm release.
        pod: pod of its database.
        claim: claim of its database.
        size: capacity of the claim.
        memory: memory of its database, in MiB.
        secret: Secret of its database.
    """

    stack: str
    key: str
    release: str
    pod: DatabasePod
    claim: str
    size: str
    memory: int
    secret: str

    def __str__(self) -> str:
        return f"{self.stack}-{self.key}"

    @property
    def namespace(self) -> str:
        """Namespace of app and database."""
        return self.pod.namespace

    @property
    def service(self) -> str:
        """Service and StatefulSet of the database."""
        return self.pod.name.removesuffix("-0")

    @property
    def web(self) -> str:
        """Service of the app's page."""
        return f"{self.release}-airbyte-server-svc" if self.key == "airbyte" else f"{self.release}-dagster-webserver"


AIRBYTE = App(
    "sandbox",
    "airbyte",
    "airbyte",
    DatabasePod("airbyte", "airbyte-airbyte-postgresql-0", "airbyte", "airbyte"),
    "data-airbyte-airbyte-postgresql-0",
    "8Gi",
    3072,
    "airbyte-database",
)
DAGSTER = App(
    "sandbox",
    "dagster",
    "dagster",
    DatabasePod("dagster", "dagster-postgresql-0", "dagster", "dagster"),
    "data-dagster-postgresql-0",
    "8Gi",
    1024,
    "dagster-database",
)
TWIN_AIRBYTE = App(
    "twin",
    "airbyte",
    "ingest",
    DatabasePod("twin", "ingest-airbyte-postgresql-0", "ingest_user", "ingest_db"),
    "data-ingest-airbyte-postgresql-0",
    "6Gi",
    3072,
    "ingest-credentials",
)
TWIN_DAGSTER = App(
    "twin",
    "dagster",
    "jobs",
    DatabasePod("twin", "jobs-postgresql-0", "jobs_user", "jobs_db"),
    "data-jobs-postgresql-0",
    "1Gi",
    512,
    "jobs-credentials",
)
SHARED_AIRBYTE = App(
    "shared",
    "airbyte",
    "airbyte",
    DatabasePod("lakehouse", "airbyte-airbyte-postgresql-0", "airbyte", "airbyte"),
    "data-airbyte-airbyte-postgresql-0",
    "8Gi",
    3072,
    "airbyte-database",
)
SHARED_DAGSTER = App(
    "shared",
    "dagster",
    "dagster",
    DatabasePod("lakehouse", "dagster-postgresql-0", "dagster", "dagster"),
    "data-dagster-postgresql-0",
    "8Gi",
    1024,
    "dagster-database",
)

TWIN_APPS = [TWIN_AIRBYTE, TWIN_DAGSTER]
SHARED_APPS = [SHARED_AIRBYTE, SHARED_DAGSTER]
FULL_APPS = [AIRBYTE, DAGSTER, *TWIN_APPS]
"""Apps with all of their pods, in both namespace layouts."""
