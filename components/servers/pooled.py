"""What PgBouncer, which the program runs itself, needs of the server behind it."""

from collections.abc import Iterator

from components.forms.base import Placeholder, Refusal
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.pgbouncer import CertifiedPgBouncerSettings
from components.servers.kind import ServerSettings

_READS = (("pooler",), ("admin",), ("tls",), ("authProxy",))


def pooler_refusals(server: ServerSettings) -> Iterator[Refusal]:
    """A pooler whose verifiers would not be those of the server, or that would weaken the apps' connections."""
    pooler = server.given_pooler
    if not isinstance(pooler, CertifiedPgBouncerSettings):
        return
    if not server.has_admin:
        allowed = (
            "nothing on a server without `admin`: a login is passed on only with the verifier that the server has, and "
            "no role but an admin may read or set it"
        )
        yield Refusal(("pooler",), pooler.model_dump(by_alias=True, exclude_unset=True), allowed, _READS)
    path, in_clear = ("pooler", "certificate"), server.client_tls is TlsMode.DISABLE
    if pooler.certificate is None and not in_clear:
        allowed = "the certificate that PgBouncer shows to apps: an existing Secret of each app's namespace"
        yield Refusal(path, Placeholder.NOTHING, allowed, _READS)
    if pooler.certificate is not None and in_clear:
        given = pooler.certificate.model_dump(by_alias=True, exclude_unset=True)
        yield Refusal(path, given, "nothing where connections are in clear text", _READS)
