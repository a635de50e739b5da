"""What the chart tells a container: environment variables, and nothing else."""

import os
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus, urlsplit

JDBC_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class SettingError(Exception):
    """A variable is missing or unusable. The text names variables, never their values."""


def require(*names: str) -> dict[str, str]:
    """Return these environment variables; one that is set but empty counts as set, as the chart sets many so.

    Raises:
        SettingError: some are not set at all; the text names them all.

    """
    missing = [name for name in names if name not in os.environ]
    if missing:
        msg = f"environment variables not set: {', '.join(missing)}"
        raise SettingError(msg)
    return {name: os.environ[name] for name in names}


@dataclass(frozen=True)
class Database:
    """How to reach a database, as libpq's connection parameters. The password does not show in ``repr``."""

    host: str
    port: int
    dbname: str
    user: str
    password: str = field(repr=False)
    options: dict[str, str] = field(default_factory=dict)

    def parameters(self, dbname: str = "") -> dict[str, str | int]:
        """Return the parameters for psycopg, for another database on the same server if named."""
        own: dict[str, str | int] = {
            "host": self.host,
            "port": self.port,
            "dbname": dbname or self.dbname,
            "user": self.user,
            "password": self.password,
            "connect_timeout": 5,
            "application_name": "airbyte-stand-in",
        }
        return own | self.options


def from_jdbc() -> Database:
    """Return the database of ``DATABASE_URL``, a JDBC URL, with the user and password that the chart passes beside it.

    Raises:
        SettingError: a variable is missing, the URL is not one of PostgreSQL, or nobody here knows its TLS parameters.

    """
    env = require("DATABASE_URL", "DATABASE_HOST", "DATABASE_PORT", "DATABASE_DB", "DATABASE_USER", "DATABASE_PASSWORD")
    scheme, _, rest = env["DATABASE_URL"].partition(":")
    parts = urlsplit(rest)
    if scheme != "jdbc" or parts.scheme != "postgresql" or not parts.hostname or not parts.path.strip("/"):
        msg = "DATABASE_URL is not of the form jdbc:postgresql://HOST:PORT/DATABASE"
        raise SettingError(msg)
    return Database(
        host=parts.hostname,
        port=parts.port or 5432,
        dbname=unquote_plus(parts.path.removeprefix("/")),  # as the driver does
        user=env["DATABASE_USER"],
        password=env["DATABASE_PASSWORD"],
        options=_jdbc_tls(dict(parse_qsl(parts.query, keep_blank_values=True))),
    )


def _jdbc_tls(parameters: dict[str, str]) -> dict[str, str]:
    """Return libpq's parameters for those of Airbyte's driver, whose ``sslmode`` is ``prefer`` unless it is given."""
    tls = {name: value for name, value in parameters.items() if name.startswith("ssl")}
    mode = tls.pop("sslmode", "prefer")
    ca_file = tls.pop("sslrootcert", "")
    if tls or mode not in JDBC_MODES:
        msg = f"DATABASE_URL has TLS parameters that the stand-in does not know: {', '.join(sorted(tls)) or 'sslmode'}"
        raise SettingError(msg)
    # With `require` the driver accepts any certificate, whatever the CA; libpq would check it against a given CA.
    checked = mode.startswith("verify-") and ca_file
    return {"sslmode": mode} | ({"sslrootcert": ca_file} if checked else {})


def from_temporal() -> Database:
    """Return Temporal's server as its image's variables describe it to the server (its config_template.yaml).

    Raises:
        SettingError: a variable is missing, or ``DB`` is not a PostgreSQL plugin.

    """
    return _temporal(_temporal_tls("SQL_TLS_ENABLED", is_true("SQL_HOST_VERIFICATION"), "SQL_CA"))


def from_temporal_tool() -> Database:
    """Return the same as they describe it to the tool that sets up the schemas (its auto-setup.sh).

    Raises:
        SettingError: a variable is missing, or ``DB`` is not a PostgreSQL plugin.

    """
    named = not is_true("POSTGRES_TLS_DISABLE_HOST_VERIFICATION")
    return _temporal(_temporal_tls("POSTGRES_TLS_ENABLED", named, "POSTGRES_TLS_CA_FILE"))


def is_true(name: str) -> bool:
    """Say whether a variable is there and true."""
    return os.environ.get(name, "") == "true"


def _temporal(options: dict[str, str]) -> Database:
    env = require("DB", "DB_PORT", "POSTGRES_SEEDS", "POSTGRES_USER", "POSTGRES_PWD")
    if not env["DB"].startswith("postgres"):
        msg = "DB is not one of Temporal's PostgreSQL plugins (postgres12, postgres12_pgx)"
        raise SettingError(msg)
    return Database(
        host=env["POSTGRES_SEEDS"].split(",")[0],
        port=int(env["DB_PORT"]),
        dbname=os.environ.get("POSTGRES_DEFAULT_DB", "postgres"),
        user=env["POSTGRES_USER"],
        password=env["POSTGRES_PWD"],
        options=options,
    )


def _temporal_tls(enabled: str, named: bool, ca: str) -> dict[str, str]:
    """Return libpq's parameters. As with Temporal's driver, ``require`` with a CA checks against it."""
    if not is_true(enabled):
        return {"sslmode": "disable"}
    file = os.environ.get(ca, "")
    if named:
        return {"sslmode": "verify-full", "sslrootcert": file or "system"}
    return {"sslmode": "require"} | ({"sslrootcert": file} if file else {})
