"""The operator's Secrets in this program's form: a role's login, and the CA certificate.

The operator creates a Secret `<cluster>-pguser-<role>` with the keys `user`, `password`, `host`, `port`, and, for a
role with databases, `dbname`, `uri`, `jdbc-uri`; and the same again with `pgbouncer-` in front where PgBouncer is on.
Its connection strings do not ask for TLS, so the program writes its own.
"""

import base64
from collections.abc import Mapping

from components.postgres.credentials import CA_CERTIFICATE, secret_data
from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.server import AdminSecret


def user_secret_name(cluster: str, role: str) -> str:
    """Name of the Secret that the operator creates for a role."""
    return f"{cluster}-pguser-{role}"


def certificate_secret_name(cluster: str) -> str:
    """Name of the Secret with the server's certificate and that of its CA."""
    return f"{cluster}-cluster-cert"


def admin_secret(cluster: str, role: str) -> AdminSecret:
    """The operator's Secret of a role that creates others; Jobs in its namespace read it."""
    return AdminSecret(user_secret_name(cluster, role), username_key="user")


def decoded(data: Mapping[str, str]) -> dict[str, str]:
    """Values of a Secret as the API gives them, in Base64, as text."""
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def ca_certificate(data: Mapping[str, str]) -> str:
    """The CA certificate, PEM, of the encoded data of the Secret with the server's; nothing else is decoded.

    Raises:
        ValueError: it is not in that Secret.
    """
    if CA_CERTIFICATE not in data:
        raise ValueError(f"the Secret of the server's certificate has no {CA_CERTIFICATE}")
    return decoded({CA_CERTIFICATE: data[CA_CERTIFICATE]})[CA_CERTIFICATE]


def login_data(
    secret: Mapping[str, str],
    *,
    secret_name: str,
    aliases: Mapping[str, str],
    ca: str,
) -> dict[str, str]:
    """Keys and values of a Secret in this program's form.

    Clients connect to PgBouncer where there is one, as the apps do, else to the primary's Service.

    Args:
        secret: decoded values of the operator's Secret of a role with databases.
        secret_name: name of the Secret that the program creates.
        aliases: further keys, each with the key whose value it repeats.
        ca: CA certificate, PEM.

    Raises:
        ValueError: the Secret does not have the operator's form.
    """
    missing = sorted({"user", "password", "host", "port", "dbname"} - secret.keys())
    if missing:
        raise ValueError(f"the operator's Secret lacks {', '.join(missing)}")
    place = "pgbouncer-" if "pgbouncer-host" in secret else ""
    endpoint = Endpoint(
        host=secret[f"{place}host"],
        port=int(secret[f"{place}port"]),
        database=secret["dbname"],
        username=secret["user"],
        secret_name=secret_name,
        tls=TlsMode.VERIFY_FULL,
    )
    return secret_data(endpoint, secret["password"], aliases, ca)
