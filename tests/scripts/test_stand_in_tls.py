"""Airbyte's stand-in on a real server with TLS: it checks the certificate as the program's chart values require."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest

from components.apps.airbyte.settings import AirbyteSettings
from components.apps.airbyte.storage import MinioStorage
from components.apps.airbyte.values import airbyte_values
from components.postgres import ca_volume as in_pods
from components.postgres.endpoint import Endpoint, TlsMode
from sandbox.images.airbyte import APP
from tests.support.ca import CertificateAuthority
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
def ca(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority.create(tmp_path / "ca")


@pytest.fixture
def tls_server(server: DatabaseServer, ca: CertificateAuthority) -> DatabaseServer:
    """A server whose certificate is for `localhost` alone, and the app's role and databases on it."""
    server.prepare("admin")
    server.start(**server.use_certificate(ca, "DNS:localhost"))
    app = {"username": "airbyte", "password": PASSWORD, "databases": "airbyte\ntemporal"}
    assert server.bootstrap(admin_password="admin", **app).returncode == 0
    return server


def variables_of(server: DatabaseServer, tls: TlsMode, certificate: Path, host: str = "localhost") -> dict[str, str]:
    """Variables that the chart derives from the program's values; the CA certificate is in the given file."""
    where = Endpoint(host, server.port, "airbyte", "airbyte", "airbyte-database", tls)
    values = airbyte_values(AirbyteSettings(storage=MinioStorage()), where, storage_secret="storage")
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
    """Whether the server reports a connection with the parameters of `way` as encrypted."""
    with psycopg.connect(**way().parameters()) as connection:
        row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert row is not None
    return bool(row[0])


@pytest.mark.parametrize("tls", [TlsMode.REQUIRE, TlsMode.VERIFY_FULL])
def test_connections_are_encrypted(
    tls: TlsMode,
    tls_server: DatabaseServer,
    ca: CertificateAuthority,
    settings: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables_of(tls_server, tls, ca.certificate).items():
        monkeypatch.setenv(name, value)
    assert [encrypted(getattr(settings, way)) for way in WAYS] == [True] * 3


def test_a_certificate_of_another_ca_is_refused(
    tls_server: DatabaseServer, tmp_path: Path, settings: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = CertificateAuthority.create(tmp_path / "other")
    for name, value in variables_of(tls_server, TlsMode.VERIFY_FULL, other.certificate).items():
        monkeypatch.setenv(name, value)
    for way in WAYS:
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            encrypted(getattr(settings, way))


def test_a_certificate_for_another_name_is_refused(
    tls_server: DatabaseServer, ca: CertificateAuthority, settings: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables_of(tls_server, TlsMode.VERIFY_FULL, ca.certificate, host="127.0.0.1").items():
        monkeypatch.setenv(name, value)
    for way in ("from_jdbc", "from_temporal"):
        with pytest.raises(psycopg.OperationalError, match="does not match host name"):
            encrypted(getattr(settings, way))
    # With chart 2.x, Temporal's schema tool checks the CA, and not the name.
    assert encrypted(settings.from_temporal_tool)


@pytest.mark.parametrize("tls", [TlsMode.REQUIRE, TlsMode.VERIFY_FULL])
def test_a_server_without_tls_is_refused(
    tls: TlsMode,
    server: DatabaseServer,
    ca: CertificateAuthority,
    settings: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.prepare("admin")
    server.start()
    for name, value in variables_of(server, tls, ca.certificate).items():
        monkeypatch.setenv(name, value)
    for way in WAYS:
        with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
            encrypted(getattr(settings, way))
