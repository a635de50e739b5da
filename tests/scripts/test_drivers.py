"""Names as PostgreSQL allows them, as the charts of both apps write them and their drivers read them.

Dagster's own code is the sandbox image's. Airbyte's drivers were tried by hand with these names (org.postgresql 42.7.4,
and lib/pq and pgx behind buildDSN of Temporal 1.27.2): JDBC decodes the name as `java.net.URLDecoder` does, and Go as
a URL path.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, unquote_plus, urlsplit

import pytest
import yaml

from components.apps.airbyte.settings import AirbyteChart, AirbyteDatabase, AirbyteSettings
from components.apps.airbyte.storage import S3Storage
from components.apps.airbyte.values import airbyte_values
from components.apps.app import AppPlacement
from components.apps.dagster.settings import DagsterSettings
from components.apps.dagster.values import dagster_values
from components.forms.object_storage import S3Credentials
from components.postgres.endpoint import Endpoint, TlsMode
from sandbox.images import pythonenv, rootfs
from sandbox.images.cache import Builder
from sandbox.images.dagster import REQUIREMENTS
from sandbox.paths import Sandbox
from tests.support.postgres import DatabaseServer, Root

PASSWORD = "p@ss/w:o%rd"
DATABASES = (
    "db-airbyte", "My DB", "it's", 'q"uote', "per%20cent", "plus+", "a/b", "hash#", "at@x", "semi;colon", "back\\slash",
    "é名😀", "$(HOME)", "{{ x }}", "a=b", "postgres://x", "yes", "123", "a:b", "-x", "~", "null",
)  # fmt: skip
ROLES = ("air-byte", "Air.Byte", "a@b", "a+b", "a b", "a:b", "a%41", "é", "a?b", "yes")
# As the chart's templates write them (1.13): dagster.yaml and the command of the init container that waits.
DAGSTER_YAML = "username: {username}\ndb_name: {database}\n"
READY = "pg_isready -h 127.0.0.1 -p {port} -U {username}"
# Connects with the URL that Dagster derives from its storages' settings, and prints the server's view of it.
CONNECT = """
import json, os, sqlalchemy
from dagster_postgres.utils import get_conn_string
for case in json.loads(os.environ["CASES"]):
    url = get_conn_string(**case, hostname="127.0.0.1", params={"sslmode": "disable"})
    with sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool).connect() as connection:
        row = connection.execute(sqlalchemy.text("SELECT current_user, current_database()")).one()
    print(json.dumps(list(row)))
"""


@pytest.fixture(scope="module")
def dagster() -> Iterator[Root]:
    builder = Builder(cache=Sandbox.of(Path.cwd()).cache / "images", tools=Path, report=print)
    folder = Path(tempfile.mkdtemp(prefix="dagster-"))
    try:
        for layer in pythonenv.environment(builder, "dagster", REQUIREMENTS):
            rootfs.unpack(layer, folder)
        for name in ("dev", "proc"):
            (folder / name).mkdir(exist_ok=True)
        yield Root(folder, environment={"PATH": "/opt/dagster/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/"})
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def running(server: DatabaseServer) -> DatabaseServer:
    """A server with a role and database for each name."""
    server.prepare("admin")
    server.start()
    for number, role in enumerate(ROLES):
        databases = "\n".join(DATABASES) if number == 0 else f"of-role-{number}"
        app = {"username": role, "password": PASSWORD, "databases": databases, "deployment": f"{number}"}
        done = server.bootstrap(admin_password="admin", **app)
        assert done.returncode == 0, done.stderr
    return server


def test_dagster_reaches_every_database_as_every_role(running: DatabaseServer, dagster: Root) -> None:
    wanted = [(ROLES[0], name) for name in DATABASES]
    wanted += [(role, f"of-role-{number}") for number, role in enumerate(ROLES) if number]
    cases: list[dict[str, str]] = []
    for role, database in wanted:
        where = Endpoint("127.0.0.1", running.port, database, role, "secret", TlsMode.DISABLE)
        given = dagster_values(DagsterSettings(), AppPlacement(where))["postgresql"]
        written = {"username": given["postgresqlUsername"], "database": given["postgresqlDatabase"]}
        read = yaml.safe_load(DAGSTER_YAML.format(**written))
        cases.append({**read, "password": PASSWORD, "port": str(running.port)})
        ready = running.root.run("sh", "-c", READY.format(port=running.port, **written))
        assert ready.returncode == 0, ready.stdout + ready.stderr
    done = dagster.run("python", "-c", CONNECT, env={"CASES": json.dumps(cases)})
    assert done.returncode == 0, done.stderr
    assert [tuple(json.loads(line)) for line in done.stdout.splitlines()] == wanted


def test_simple_names_are_written_unchanged() -> None:
    where = Endpoint("h", 5432, "dagster_1", "dagster", "secret", TlsMode.DISABLE)
    given = dagster_values(DagsterSettings(), AppPlacement(where))["postgresql"]
    assert (given["postgresqlUsername"], given["postgresqlDatabase"]) == ("dagster", "dagster_1")


@pytest.mark.parametrize("name", [*DATABASES, "q?m", "&amp;"])
@pytest.mark.parametrize("major", [1, 2])
def test_airbytes_drivers_read_the_original_name(name: str, major: int) -> None:
    where = Endpoint("h", 5432, name, "airbyte", "secret", TlsMode.REQUIRE)
    database = AirbyteDatabase(temporal_name=name, temporal_visibility_name=f"{name} 2")
    storage = S3Storage(kind="s3", region="eu-central-1", bucket="bucket", credentials=S3Credentials(secret_name="s3"))
    chart = AirbyteChart(version={1: "1.9.2", 2: "2.2.0"}[major])
    settings = AirbyteSettings(chart=chart, storage=storage, database=database)
    values = airbyte_values(settings, where, storage_secret="s")
    database = values["global"]["database"]["database" if major == 1 else "name"]
    # As both major versions of the chart write it.
    url = urlsplit(f"postgresql://h:5432/{database}")
    assert (unquote_plus(url.path[1:]), url.query) == (name, "sslmode=require")
    given = values["temporal"]["env_vars"]
    for variable, wanted in (("DBNAME", name), ("VISIBILITY_DBNAME", f"{name} 2")):
        path = urlsplit(f"postgres://airbyte:p@h:5432/{given[variable]}?sslmode=disable").path
        assert unquote(path[1:]) == wanted
        # Neither YAML in double quotes nor Kubernetes nor the chart's templates find anything to replace.
        assert not set(given[variable]) & set('"\\$(){}')
