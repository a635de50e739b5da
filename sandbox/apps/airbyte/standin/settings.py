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
