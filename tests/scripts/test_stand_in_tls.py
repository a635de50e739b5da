"""Airbyte's stand-in on a real server with TLS: it checks the certificate as the program's chart values tell it to."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest

from components.apps.airbyte.object_storage import Minio
from components.apps.airbyte.values import airbyte_values
from components.postgres import ca_volume as in_pods
from components.postgres.endpoint import Endpoint, TlsMode
from sandbox.images.airbyte import APP
from tests.support.authority import Authority
from tests.support.postgres import DatabaseServer

PASSWORD = "app-password"


@pytest.fixture(scope="module")
def settings() -> Iterator[ModuleType]:
    sys.path.insert(0, str(APP))
    try:
        yield importlib.import_module("standin.settings")
    finally:
        sys.path.remove(str(APP))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path / "authority")


@pytest.fixture
def tls_server(server: DatabaseServer, authority: Authority) -> DatabaseServer:
    """A server whose certificate is for `localhost` alone, and the app's role and databases on it."""
    server.prepare("admin")
    server.start(**server.use_certificate(authority, "DNS:localhost"))
    app = {"username": "airbyte", "password": PASSWORD, "databases": "airbyte\ntemporal"}
    assert server.bootstrap(admin_password="admin", **app).returncode == 0
    return server


def told(server: DatabaseServer, tls: TlsMode, certificate: Path, host: str = "localhost") -> dict[str, str]:
    """Variables as the chart makes them of the program's values; the certificate is where the test has it."""
    where = Endpoint(host, server.port, "airbyte", "airbyte", "airbyte-database", tls)
    values: dict[str, Any] = airbyte_values(
        major=2, endpoint=where, storage=Minio(), storage_secret="storage", rotation="r"
    )
    database = values["global"]["database"]
    external = str(database["type"] == "external").lower()
    variables = {
        "DATABASE_URL": f"jdbc:postgresql://{host}:{server.port}/{database['name']}",
        "DATABASE_HOST": host,
        "DATABASE_PORT": str(server.port),
        "DATABASE_DB": database["name"],
        "DATABASE_USER": "airbyte",
        "DATABASE_PASSWORD": PASSWORD,
        "DB": "postgres12",
        "DB_PORT": str(server.port),
        "POSTGRES_SEEDS": host,
        "POSTGRES_USER": "airbyte",
        "POSTGRES_PWD": PASSWORD,
        "POSTGRES_DEFAULT_DB": "temporal",
        "POSTGRES_TLS_ENABLED": external,
        "POSTGRES_TLS_DISABLE_HOST_VERIFICATION": external,
        "SQL_TLS_ENABLED": external,
        **values["temporal"]["env_vars"],
    }
    return {name: value.replace(in_pods.FILE, str(certificate)) for name, value in variables.items()}


WAYS = ("from_jdbc", "from_temporal", "from_temporal_tool")


def encrypted(way: Callable[[], Any]) -> bool:
    """Whether a connection as `way` says is encrypted, as the server has it."""
    with psycopg.connect(**way().parameters()) as connection:
        row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert row is not None
    return bool(row[0])


@pytest.mark.parametrize("tls", [TlsMode.REQUIRE, TlsMode.VERIFY_FULL])
def test_connections_are_encrypted(
    tls: TlsMode,
    tls_server: DatabaseServer,
    authority: Authority,
    settings: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in told(tls_server, tls, authority.certificate).items():
        monkeypatch.setenv(name, value)
    assert [encrypted(getattr(settings, way)) for way in WAYS] == [True] * 3


def test_a_certificate_of_another_authority_is_refused(
    tls_server: DatabaseServer, tmp_path: Path, settings: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Authority.make(tmp_path / "other")
    for name, value in told(tls_server, TlsMode.VERIFY_FULL, other.certificate).items():
        monkeypatch.setenv(name, value)
    for way in WAYS:
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            encrypted(getattr(settings, way))


def test_a_certificate_for_another_name_is_refused(
    tls_server: DatabaseServer, authority: Authority, settings: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in told(tls_server, TlsMode.VERIFY_FULL, authority.certificate, host="127.0.0.1").items():
        monkeypatch.setenv(name, value)
    for way in ("from_jdbc", "from_temporal"):
        with pytest.raises(psycopg.OperationalError, match="does not match host name"):
            encrypted(getattr(settings, way))
    # Chart 2.x lets Temporal's schema tool check the authority, and not the name.
    assert encrypted(settings.from_temporal_tool)


@pytest.mark.parametrize("tls", [TlsMode.REQUIRE, TlsMode.VERIFY_FULL])
def test_a_server_without_tls_is_refused(
    tls: TlsMode, server: DatabaseServer, authority: Authority, settings: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.prepare("admin")
    server.start()
    for name, value in told(server, tls, authority.certificate).items():
        monkeypatch.setenv(name, value)
    for way in WAYS:
        with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
            encrypted(getattr(settings, way))
