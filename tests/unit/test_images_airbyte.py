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
        yield {name: importlib.import_module(f"standin.{name}") for name in ("settings", "tokens", "storage")}
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
TEMPORAL = {
    "DB": "postgres12",
    "DB_PORT": "6432",
    "POSTGRES_SEEDS": "server",
    "POSTGRES_USER": "user",
    "POSTGRES_PWD": "p@ss/word?&",
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


@pytest.mark.parametrize(
    ("tls", "unverified", "sslmode"),
    [("false", "false", "disable"), ("true", "true", "require"), ("true", "false", "verify-full")],
)
def test_temporals_tls(
    tls: str, unverified: str, sslmode: str, standin: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**TEMPORAL, "SQL_TLS_ENABLED": tls, "SQL_TLS_DISABLE_HOST_VERIFICATION": unverified}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    found = standin["settings"].from_temporal().parameters("temporal")
    assert (found["host"], found["port"], found["dbname"], found["sslmode"]) == ("server", 6432, "temporal", sslmode)


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
