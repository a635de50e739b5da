"""Airbyte's stand-in and the real Temporal on a real server with TLS, as the program's chart values tell them."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from components.apps.airbyte.settings import AirbyteSettings
from components.apps.airbyte.storage import MinioStorage
from components.apps.airbyte.values import airbyte_values
from components.postgres import ca_volume as in_pods
from components.postgres.endpoint import Endpoint, TlsMode
from sandbox.images.airbyte import APP
from tests.support import temporal
from tests.support.ca import CertificateAuthority
from tests.support.postgres import DatabaseServer

PASSWORD = "app-password"


@pytest.fixture
def ca(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority.create(tmp_path / "ca")


@pytest.fixture
def tls_server(server: DatabaseServer, ca: CertificateAuthority) -> DatabaseServer:
    """A server whose certificate is for `localhost` alone, and the app's role and databases on it."""
    server.prepare("admin")
    server.start(**server.use_certificate(ca, "DNS:localhost"))
    prepare(server)
    return server


def prepare(server: DatabaseServer) -> None:
    """Make the app's role and databases."""
    app = {"username": "airbyte", "password": PASSWORD, "databases": "airbyte\ntemporal\ntemporal_visibility"}
    app["extensions"] = "temporal_visibility:btree_gin"
    assert server.bootstrap(admin_password="admin", **app).returncode == 0


def variables_of(server: DatabaseServer, tls: TlsMode, certificate: Path, host: str = "localhost") -> dict[str, str]:
    """Variables that chart 2.x derives from the program's values; the CA certificate is in the given file."""
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
        "POSTGRES_TLS_ENABLED": external,
        "POSTGRES_TLS_DISABLE_HOST_VERIFICATION": external,
        "SQL_TLS_ENABLED": external,
        **values["temporal"]["env_vars"],
    }
    return {name: value.replace(in_pods.FILE, str(certificate)) for name, value in variables.items()}


@pytest.fixture
def encrypted(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], bool]:
    """Connects as the stand-in does with these variables, and says whether the server reports that as encrypted."""
    sys.path.insert(0, str(APP))
    try:
        settings = importlib.import_module("standin.settings")
    finally:
        sys.path.remove(str(APP))

    def connect(variables: dict[str, str]) -> bool:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with psycopg.connect(**settings.from_jdbc().parameters()) as connection:
            row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
        assert row is not None
        return bool(row[0])

    return connect


@pytest.mark.parametrize("tls", [TlsMode.REQUIRE, TlsMode.VERIFY_FULL])
def test_connections_are_encrypted(
    tls: TlsMode,
    tls_server: DatabaseServer,
    ca: CertificateAuthority,
    encrypted: Callable[[dict[str, str]], bool],
    tmp_path: Path,
) -> None:
    variables = variables_of(tls_server, tls, ca.certificate)
    assert encrypted(variables)
    with temporal.running(variables, tmp_path / "temporal") as outcome:
        assert outcome.serves, outcome.printed
        seen = tls_server.psql(
            "SELECT DISTINCT datname, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
            " WHERE datname LIKE 'temporal%' ORDER BY 1"
        )
    assert seen == "temporal|t\ntemporal_visibility|t"


def test_a_certificate_of_another_ca_is_refused(
    tls_server: DatabaseServer, tmp_path: Path, encrypted: Callable[[dict[str, str]], bool]
) -> None:
    other = CertificateAuthority.create(tmp_path / "other")
    variables = variables_of(tls_server, TlsMode.VERIFY_FULL, other.certificate)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        encrypted(variables)
    outcome = temporal.start(variables, tmp_path / "temporal")
    assert not outcome.serves
    assert "certificate signed by unknown authority" in outcome.printed


def test_a_certificate_for_another_name_is_refused(
    tls_server: DatabaseServer,
    ca: CertificateAuthority,
    encrypted: Callable[[dict[str, str]], bool],
    tmp_path: Path,
) -> None:
    variables = variables_of(tls_server, TlsMode.VERIFY_FULL, ca.certificate, host="127.0.0.1")
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        encrypted(variables)
    outcome = temporal.start(variables, tmp_path / "temporal")
    assert not outcome.serves
    # With chart 2.x, Temporal's schema tool checks the CA, and not the name; the server does.
    assert outcome.printed.count("UpdateSchemaTask done") == 2
    assert "no usable database connection found" in outcome.printed
    unchecked = temporal.start({**variables, "SQL_HOST_VERIFICATION": "false"}, tmp_path / "unchecked")
    assert unchecked.serves, unchecked.printed


@pytest.mark.parametrize("tls", [TlsMode.REQUIRE, TlsMode.VERIFY_FULL])
def test_a_server_without_tls_is_refused(
    tls: TlsMode,
    server: DatabaseServer,
    ca: CertificateAuthority,
    encrypted: Callable[[dict[str, str]], bool],
    tmp_path: Path,
) -> None:
    server.prepare("admin")
    server.start()
    variables = variables_of(server, tls, ca.certificate)
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        encrypted(variables)
    outcome = temporal.start(variables, tmp_path / "temporal")
    assert not outcome.serves
    assert "SSL is not enabled on the server" in outcome.printed
