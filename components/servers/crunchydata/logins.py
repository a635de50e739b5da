"""What the operator's Secrets say, in this program's terms: a role's login, and the certificate of the authority.

The operator makes a Secret `<cluster>-pguser-<role>` with the keys `user`, `password`, `host`, `port`, and, for a role
with databases, `dbname`, `uri`, `jdbc-uri`; and the same again with `pgbouncer-` in front where PgBouncer is on. Its
strings say nothing of TLS, so they are written anew.
"""

import base64
from collections.abc import Mapping

from components.postgres.credentials import CA_CERTIFICATE, secret_data
from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.server import AdminSecret


def user_secret_name(cluster: str, role: str) -> str:
    """Name of the Secret that the operator makes of a role."""
    return f"{cluster}-pguser-{role}"


def certificate_secret_name(cluster: str) -> str:
    """Name of the Secret with the server's certificate and that of the authority."""
    return f"{cluster}-cluster-cert"


def admin_secret(cluster: str, role: str) -> AdminSecret:
    """The operator's Secret of a role that makes others, read by Jobs where it is."""
    return AdminSecret(user_secret_name(cluster, role), username_key="user")


def decoded(data: Mapping[str, str]) -> dict[str, str]:
    """Values of a Secret as the API gives them, in Base64, as text."""
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def ca_certificate(data: Mapping[str, str]) -> str:
    """The authority's certificate, PEM, of the encoded data of the Secret with the server's; nothing else is decoded.

    Raises:
        ValueError: it is not in that Secret.
    """
    if CA_CERTIFICATE not in data:
        raise ValueError(f"the Secret of the server's certificate has no {CA_CERTIFICATE}")
    return decoded({CA_CERTIFICATE: data[CA_CERTIFICATE]})[CA_CERTIFICATE]


def adapted(
    secret: Mapping[str, str],
    *,
    secret_name: str,
    aliases: Mapping[str, str],
    ca: str,
) -> dict[str, str]:
    """Keys and values of a Secret in this program's form.

    Clients are sent to PgBouncer where there is one, as the apps are, and to the primary's Service else.

    Args:
        secret: decoded values of the operator's Secret of a role with databases.
        secret_name: name of the Secret that is made.
        aliases: further keys, each with the key whose value it repeats.
        ca: certificate of the authority, PEM.

    Raises:
        ValueError: the Secret has not the operator's form.
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
