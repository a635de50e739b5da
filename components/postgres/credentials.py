"""The keys of a database Secret, and connection strings."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from components.postgres.endpoint import Endpoint

PORT = 5432
PASSWORD_LENGTH = 40
"""Length of a generated password: letters and digits, which need no quoting in URL, shell and SQL; 238 bits."""


CA_CERTIFICATE = "ca.crt"
"""Key of the CA certificate, as in Kubernetes' own TLS Secrets."""

SCRAM_VERIFIER = "scram-verifier"
"""Key of the SCRAM verifier of a generated password."""

WITH_PASSWORD = ("password", "uri", "jdbc-url")
"""Keys of a database Secret whose values contain the password."""

_KEYS = ("host", "port", "database", "username", "password", "uri", "jdbc-url")


def secret_data(
    endpoint: Endpoint, password: str, aliases: Mapping[str, str], ca_certificate: str | None = None
) -> dict[str, str]:
    """Keys and values of the Secret that an endpoint names.

    Args:
        endpoint: the database; its host is known.
        password: the role's password, any characters.
        aliases: further keys that a chart requires, each with the key whose value it repeats.
        ca_certificate: the CA certificate, PEM, if clients check the server's certificate.
    """
    data = {
        "host": str(endpoint.host),
        "port": str(endpoint.port),
        "database": endpoint.database,
        "username": endpoint.username,
        "password": password,
        "uri": connection_uri(endpoint, password),
        "jdbc-url": jdbc_url(endpoint, password),
    }
    ca = {CA_CERTIFICATE: ca_certificate} if ca_certificate is not None else {}
    return data | ca | {alias: data[key] for alias, key in aliases.items()}


def secret_keys(aliases: Iterable[str], *, ca: bool) -> list[str]:
    """Keys of what `secret_data` returns, without its values; `ca` says whether there is a CA certificate."""
    return [*_KEYS, *([CA_CERTIFICATE] if ca else []), *aliases]


def connection_uri(endpoint: Endpoint, password: str) -> str:
    """The libpq URI, user and password percent-encoded."""
    user = f"{quote(endpoint.username, safe='')}:{quote(password, safe='')}"
    place = f"{_in_url(endpoint.host)}:{endpoint.port}/{quote(endpoint.database, safe='')}"
    return f"postgresql://{user}@{place}?sslmode={endpoint.tls.value}"


def jdbc_url(endpoint: Endpoint, password: str) -> str:
    """The URL of the PostgreSQL JDBC driver, user and password as parameters."""
    place = f"{_in_url(endpoint.host)}:{endpoint.port}/{quote(endpoint.database, safe='')}"
    user = f"user={quote(endpoint.username, safe='')}&password={quote(password, safe='')}"
    return f"jdbc:postgresql://{place}?{user}&sslmode={endpoint.tls.value}"


def _in_url(host: object) -> str:
    """The host as a URL has it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in str(host) else str(host)
