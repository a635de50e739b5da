"""`pgbouncer.ini`, and the list of users beside it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from components.postgres.credentials import CA_CERTIFICATE, PORT
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.settings import PoolerSettings

CONFIG = "/etc/pgbouncer"
"""Mount path of the ConfigMap with `pgbouncer.ini`, scripts and the server's CA certificates."""
USERS = "/run/secrets/users"
"""Mount path of the Secret with the list of users."""
USERS_FILE = "users.txt"
CERTIFICATE = "/run/secrets/certificate"
"""Mount path of the Secret with the certificate."""
SOCKET = "/run/pgbouncer"
"""Folder of the socket, where PgBouncer's own user may administer it without a password."""

PID_FILE = "pgbouncer.pid"

_FIXED: dict[str, str | int] = {
    "listen_addr": "*",
    "listen_port": PORT,
    "unix_socket_dir": SOCKET,
    # To standard error, as every container.
    "logfile": "",
    "pidfile": f"{SOCKET}/{PID_FILE}",
    "auth_type": "scram-sha-256",
    "auth_file": f"{USERS}/{USERS_FILE}",
    # JDBC asks for it at each login, and it changes nothing since PostgreSQL 12. No other parameter may be dropped
    # without a word, least of all `options`: what an app wants for its sessions is set on its role.
    "ignore_startup_parameters": "extra_float_digits",
    # It would set another `application_name` before the transaction of each new client: one more round trip.
    "application_name_add_host": 0,
    # An app that opens a connection for each query would write two lines for each.
    "log_connections": 0,
    "log_disconnections": 0,
    # A name that moves to another address after a failover. RDS' and Cloud SQL's live for 5 s and more.
    "dns_max_ttl": 5,
    # A server that is gone without a word is noticed after half a minute, and idle connections stay in the tables of
    # firewalls and load balancers, which drop them after 350 s in AWS and 600 s in Google Cloud.
    "tcp_keepalive": 1,
    "tcp_keepidle": 30,
    "tcp_keepintvl": 10,
    "tcp_keepcnt": 3,
    "tcp_user_timeout": 30_000,
}
"""What no setting of the stack file changes."""


@dataclass(frozen=True)
class PooledServer:
    """The server behind PgBouncer, and what is used of it.

    Attributes:
        host: its DNS name.
        port: TCP port.
        tls: TLS mode of PgBouncer's connections to it.
        databases: databases that clients may use.
        session_databases: those of them in which a server connection is a client's own until it disconnects, each with
            the most clients that it has.
    """

    host: str
    port: int
    tls: TlsMode
    databases: Iterable[str]
    session_databases: Mapping[str, int] = field(default_factory=dict[str, int])


def pgbouncer_ini(server: PooledServer, settings: PoolerSettings, pool_size: int, *, certificate: bool) -> str:
    """Text of `pgbouncer.ini`.

    Args:
        server: the server and its databases.
        settings: modes and limits.
        pool_size: server connections that the budget gives each pod for one database.
        certificate: whether clients connect over TLS, to the certificate in `CERTIFICATE`.
    """
    options: dict[str, str | int] = {
        **_FIXED,
        "pool_mode": settings.mode,
        **settings.parameters(pool_size),
        "server_tls_sslmode": server.tls.value,
    }
    if server.tls is TlsMode.VERIFY_FULL:
        options["server_tls_ca_file"] = f"{CONFIG}/{CA_CERTIFICATE}"
    if certificate:
        options |= {
            # Apps in clear text are turned away. They need no certificate, but PgBouncer does not start without a CA's.
            "client_tls_sslmode": "require",
            "client_tls_ca_file": f"{CERTIFICATE}/{CA_CERTIFICATE}",
            "client_tls_cert_file": f"{CERTIFICATE}/tls.crt",
            "client_tls_key_file": f"{CERTIFICATE}/tls.key",
        }
    lines = [
        "[databases]",
        *(_database(name, server) for name in server.databases),
        "",
        "[pgbouncer]",
        *(f"{name} = {value}".rstrip() for name, value in options.items()),
    ]
    return "\n".join(lines) + "\n"


def users_txt(username: str, verifier: str) -> str:
    """Text of PgBouncer's `auth_file`: the role, and its verifier instead of a password."""
    return f"{_doubled(username)} {_doubled(verifier)}\n"


def _database(name: str, server: PooledServer) -> str:
    place = f"host={server.host} port={server.port} dbname={_quoted(name)}"
    clients = server.session_databases.get(name)
    # Each pod may have all of them.
    own = "" if clients is None else f" pool_mode=session pool_size={clients} max_db_connections={clients}"
    # Single quotes since 1.25, with none inside, whatever its documentation says (cfparser.c); before, none at all.
    key = name if re.fullmatch(r"[A-Za-z0-9_.-]+", name) else f"'{name}'"
    return f"{key} = {place}{own}"


def _doubled(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))


def _quoted(text: str) -> str:
    return "'{}'".format(text.replace("'", "''"))
