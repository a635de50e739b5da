"""What the chart tells a container: environment variables, and nothing else."""

import os
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


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

    As with Airbyte's own driver, ``sslmode`` is ``prefer`` unless the URL says otherwise.

    Raises:
        SettingError: a variable is missing, or the URL is not one of PostgreSQL.

    """
    env = require("DATABASE_URL", "DATABASE_HOST", "DATABASE_PORT", "DATABASE_DB", "DATABASE_USER", "DATABASE_PASSWORD")
    scheme, _, rest = env["DATABASE_URL"].partition(":")
    parts = urlsplit(rest)
    if scheme != "jdbc" or parts.scheme != "postgresql" or not parts.hostname or not parts.path.strip("/"):
        msg = "DATABASE_URL is not of the form jdbc:postgresql://HOST:PORT/DATABASE"
        raise SettingError(msg)
    query = dict(parse_qsl(parts.query))
    options = {"sslmode": query.get("sslmode", "prefer")}
    return Database(
        host=parts.hostname,
        port=parts.port or 5432,
        dbname=parts.path.strip("/"),
        user=env["DATABASE_USER"],
        password=env["DATABASE_PASSWORD"],
        options=options,
    )


def from_temporal() -> Database:
    """Return Temporal's server as its image's variables describe it; the database is ``postgres``, to create others.

    Raises:
        SettingError: a variable is missing, or ``DB`` is not a PostgreSQL plugin.

    """
    env = require("DB", "DB_PORT", "POSTGRES_SEEDS", "POSTGRES_USER", "POSTGRES_PWD")
    if not env["DB"].startswith("postgres"):
        msg = "DB is not one of Temporal's PostgreSQL plugins (postgres12, postgres12_pgx)"
        raise SettingError(msg)
    tls = os.environ.get("SQL_TLS_ENABLED", "false") == "true"
    unverified = os.environ.get("SQL_TLS_DISABLE_HOST_VERIFICATION", "false") == "true"
    sslmode = "disable" if not tls else "require" if unverified else "verify-full"
    options = {"sslmode": sslmode} | ({"sslrootcert": "system"} if sslmode == "verify-full" else {})
    return Database(
        host=env["POSTGRES_SEEDS"].split(",")[0],
        port=int(env["DB_PORT"]),
        dbname=os.environ.get("POSTGRES_DEFAULT_DB", "postgres"),
        user=env["POSTGRES_USER"],
        password=env["POSTGRES_PWD"],
        options=options,
    )
