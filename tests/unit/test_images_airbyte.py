"""The Airbyte stand-in's parts that need no database."""

import importlib
import re
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from sandbox.images.airbyte import APP


@pytest.fixture(scope="module")
def standin() -> Iterator[dict[str, ModuleType]]:
    sys.path.insert(0, str(APP))
    try:
        yield {
            name: importlib.import_module(f"standin.{name}") for name in ("settings", "services", "tokens", "storage")
        }
    finally:
        sys.path.remove(str(APP))


JDBC = {
    "DATABASE_URL": "jdbc:postgresql://server:6432/lake?sslmode=require",
    "DATABASE_HOST": "server",
    "DATABASE_PORT": "6432",
    "DATABASE_DB": "lake",
    "DATABASE_USER": "user",
    "DATABASE_PASSWORD": "p@ss/word?&",
}


def test_database_of_the_jdbc_url(standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in JDBC.items():
        monkeypatch.setenv(name, value)
    database = standin["settings"].from_jdbc()
    assert database.parameters() == {
        "host": "server",
        "port": 6432,
        "dbname": "lake",
        "user": "user",
        "password": JDBC["DATABASE_PASSWORD"],
        "sslmode": "require",
        "connect_timeout": 5,
        "application_name": "airbyte-stand-in",
    }
    assert JDBC["DATABASE_PASSWORD"] not in repr(database)


@pytest.mark.parametrize("url", ["postgresql://h/d", "jdbc:mysql://h/d", "jdbc:postgresql:///d", "jdbc:postgresql://h"])
def test_other_urls_are_refused(url: str, standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**JDBC, "DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(standin["settings"].SettingError, match="DATABASE_URL is not of the form"):
        standin["settings"].from_jdbc()


def test_missing_variables_are_all_named(standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE", "")
    with pytest.raises(standin["settings"].SettingError, match="not set: NOT_HERE, NOR_HERE"):
        standin["settings"].require("NOT_HERE", "HERE", "NOR_HERE")


AUTHORITY = "/etc/authority/ca.crt"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {"sslmode": "prefer"}),
        ("?sslmode=disable", {"sslmode": "disable"}),
        ("?sslmode=require", {"sslmode": "require"}),
        (f"?sslmode=require&sslrootcert={AUTHORITY}", {"sslmode": "require"}),
        (f"?sslmode=verify-full&sslrootcert={AUTHORITY}", {"sslmode": "verify-full", "sslrootcert": AUTHORITY}),
        (f"?sslrootcert={AUTHORITY}&sslmode=verify-ca&x=y", {"sslmode": "verify-ca", "sslrootcert": AUTHORITY}),
    ],
)
def test_tls_of_the_jdbc_url(
    query: str, options: dict[str, str], standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**JDBC, "DATABASE_URL": f"jdbc:postgresql://server:6432/lake{query}"}.items():
        monkeypatch.setenv(name, value)
    database = standin["settings"].from_jdbc()
    assert (database.dbname, database.options) == ("lake", options)


@pytest.mark.parametrize("query", ["sslmode=verify_full", "sslmode=", "ssl=true", "sslfactory=x&sslmode=require"])
def test_unknown_tls_parameters_are_refused(
    query: str, standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**JDBC, "DATABASE_URL": f"jdbc:postgresql://server:6432/lake?{query}"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(standin["settings"].SettingError, match="TLS parameters that the stand-in does not know"):
        standin["settings"].from_jdbc()


CREDS = "CONTAINER_ORCHESTRATOR_DATA_PLANE_CREDS_SECRET"


@pytest.mark.parametrize(
    ("mounted", "found"),
    [
        ({f"{CREDS}_NAME": "airbyte-database", f"{CREDS}_MOUNT_PATH": "/etc/authority"}, True),
        ({f"{CREDS}_NAME": "airbyte-database", f"{CREDS}_MOUNT_PATH": "/secrets/dataplane-creds"}, False),
        ({f"{CREDS}_NAME": "", f"{CREDS}_MOUNT_PATH": "/etc/authority"}, False),
        ({}, False),
    ],
)
def test_launcher_starts_where_pods_of_syncs_find_the_authority(
    mounted: dict[str, str], found: bool, standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in mounted.items():
        monkeypatch.setenv(name, value)
    settings, services = standin["settings"], standin["services"]
    target = settings.Database(
        "server", 5432, "lake", "user", "p", {"sslmode": "verify-full", "sslrootcert": AUTHORITY}
    )
    if found:
        services.check_ca_of_job_pods(target)
    else:
        with pytest.raises(settings.SettingError, match=CREDS):
            services.check_ca_of_job_pods(target)
    services.check_ca_of_job_pods(settings.Database("server", 5432, "lake", "user", "p", {"sslmode": "require"}))


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"STORAGE_TYPE": "minio"}, True),
        ({"STORAGE_TYPE": "gcs", "CONTAINER_ORCHESTRATOR_SECRET_MOUNT_PATH": "/secrets/gcs-log-creds"}, True),
        ({"STORAGE_TYPE": "gcs", "CONTAINER_ORCHESTRATOR_SECRET_MOUNT_PATH": "/secrets/gcp-creds"}, False),
    ],
)
def test_launcher_starts_where_pods_of_syncs_find_the_key_file(
    variables: dict[str, str], found: bool, standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"GOOGLE_APPLICATION_CREDENTIALS": "/secrets/gcs-log-creds/gcp.json", **variables}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    if found:
        standin["services"].job_pods_find_key_file()
    else:
        with pytest.raises(standin["settings"].SettingError, match="would not find the key file"):
            standin["services"].job_pods_find_key_file()


def test_token_is_for_whom_it_was_issued_until_it_is_old(standin: dict[str, ModuleType]) -> None:
    tokens = standin["tokens"]
    token = tokens.issue("me", "key", now=1000)
    assert tokens.subject(token, "key", now=1000 + tokens.LIFETIME - 1) == "me"
    assert tokens.subject(token, "key", now=1000 + tokens.LIFETIME) is None
    assert tokens.subject(token, "other", now=1000) is None
    head, body, signature = token.split(".")
    assert tokens.subject(f"{head}.{body[::-1]}.{signature}", "key", now=1000) is None
    assert tokens.subject("", "key", now=1000) is None


def test_buckets_are_those_of_the_environment_once(
    standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LOG": "b", "STATE": "b", "AUDIT_LOGGING": "a", "ACTIVITY_PAYLOAD": ""}.items():
        monkeypatch.setenv(f"STORAGE_BUCKET_{name}", value)
    assert standin["storage"].buckets() == ["a", "b"]


def test_migrations_have_names_that_sort_and_connect_what_users_query() -> None:
    files = sorted((APP / "standin").glob("*/V*.sql"))
    assert files
    assert [f.name for f in files if not re.fullmatch(r"V\d+(_\d+)*__\w+\.sql", f.name)] == []
    text = "\n".join(f.read_text() for f in files)
    table = re.search(r"CREATE TABLE connection \((.*?)\n\);", text, re.DOTALL)
    assert table is not None
    columns = {line.split()[0] for line in table[1].strip().splitlines()}
    assert {"id", "name", "status", "schedule", "created_at"} <= columns
