"""The poolers that the program runs itself: one between each app and its server."""

import base64
from collections.abc import Iterator
from dataclasses import replace

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.apps.app import AppSettings, DeployedApps
from components.forms.base import KeyPath, Refusal
from components.platform.postgresql import AnyPostgreSQL
from components.postgres.credentials import CA_CERTIFICATE, PORT
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.component import service_host
from components.postgres.pooler.pgbouncer import CertifiedPgBouncerSettings, PgBouncerSettings, PoolerCertificate
from components.postgres.server import ServerConnection
from components.servers.standalone import StandalonePostgreSQL

_TAKEN = ("*", "pgbouncer")
"""Names that mean something else to PgBouncer: any database, and its console."""

_QUOTE = "'"
"""It cannot be written in the name of a database in `pgbouncer.ini`."""


def own_pooler(postgresql: AnyPostgreSQL, app: AppSettings) -> PgBouncerSettings | None:
    """The pooler that the program runs between an app and its server; None without one, or with an operator's."""
    standalone = isinstance(postgresql, StandalonePostgreSQL)
    pooler = postgresql.server.given_pooler if standalone else app.database.embedded.given_pooler
    return pooler if isinstance(pooler, PgBouncerSettings) else None


def certificate_of(pooler: PgBouncerSettings | None) -> PoolerCertificate | None:
    """The certificate that a pooler shows to apps; None if they connect in clear text."""
    return pooler.certificate if isinstance(pooler, CertifiedPgBouncerSettings) else None


def app_tls(postgresql: AnyPostgreSQL, app: AppSettings) -> TlsMode:
    """How an app connects: a pooler with a certificate is checked, whatever the server's mode."""
    certificate = certificate_of(own_pooler(postgresql, app))
    return postgresql.client_tls if certificate is None else TlsMode.VERIFY_FULL


def past(postgresql: AnyPostgreSQL, app: AppSettings, server: ServerConnection) -> ServerConnection:
    """A server as an app connects to it: past an operator's pooler whose one mode the app cannot use."""
    pooler = postgresql.server.given_pooler if isinstance(postgresql, StandalonePostgreSQL) else None
    usable = pooler is None or pooler.serves(app)
    return server if usable else replace(server, app_host=None, app_port=None)


def through(
    pooler: PgBouncerSettings, app: AppSettings, server: ServerConnection, opts: pulumi.ResourceOptions
) -> ServerConnection:
    """A server as an app connects to it through its pooler.

    Args:
        pooler: the pooler.
        app: the app; its namespace has the Secret with the certificate.
        server: the server itself.
        opts: options of the certificate's Secret, which is read at each run: it is renewed.
    """
    pooled = replace(server, app_host=service_host(app.pooler_name, app.namespace), app_port=PORT)
    certificate = certificate_of(pooler)
    if certificate is None:
        return pooled
    found = Secret.get(f"{app.key}-pooler-certificate", f"{app.namespace}/{certificate.secret_name}", opts)
    # The Secret holds the private key as well. Only the CA's certificate, which is public, is taken from it.
    ca = found.data.apply(lambda data: base64.b64decode(data[CA_CERTIFICATE]).decode())
    return replace(pooled, app_tls=TlsMode.VERIFY_FULL, app_ca_certificate=pulumi.Output.unsecret(ca))


def refusals(postgresql: AnyPostgreSQL, apps: DeployedApps) -> Iterator[Refusal]:
    """Names of databases that PgBouncer understands as something else.

    Args:
        postgresql: who runs PostgreSQL.
        apps: the apps that are deployed.
    """
    for key, app in apps.items():
        if own_pooler(postgresql, app) is None:
            continue
        for name, setting in app.database_settings.items():
            if name in _TAKEN or _QUOTE in name:
                reads: tuple[KeyPath, ...] = (("postgresql",), (key, "database", "embedded", "pooler"))
                path = tuple(setting.split("."))
                allowed = "behind PgBouncer, a name without \"'\", and neither '*' nor 'pgbouncer', which are its own"
                yield Refusal(path, name, allowed, reads)
