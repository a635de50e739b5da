"""Rules of `restoreFrom` and `backupKey`: which new servers can begin as a backup set."""

from collections.abc import Iterator

from pydantic import SecretStr

from components.forms.base import Placeholder, Refusal
from components.platform.postgresql import AnyPostgreSQL
from components.postgres.backups.settings import BackupSets
from components.postgres.backups.storage import ClaimSets
from components.postgres.restore.settings import RestoreFrom

_SHORTEST_KEY = 16
"""Characters of a passphrase that is typed; a generated one has more."""
_STACK = ("restoreFrom", "stack")


def key_refusals(key: SecretStr | None, backups: BackupSets | None) -> Iterator[Refusal]:
    """A backup key that is short, or that nothing uses."""
    if key is None:
        return
    if backups is None:
        yield Refusal(("backupKey",), Placeholder.SECRET, "nothing without `backups`", (("backups",),))
    elif len(key.get_secret_value()) < _SHORTEST_KEY:
        yield Refusal(("backupKey",), Placeholder.SECRET, f"at least {_SHORTEST_KEY} characters")


def refusals(
    wanted: RestoreFrom | None,
    backups: BackupSets | None,
    postgresql: AnyPostgreSQL,
    *,
    moves: bool,
    own_key: bool,
) -> Iterator[Refusal]:
    """A restore without sets, without an admin, or into databases that something else fills.

    Args:
        wanted: `restoreFrom`.
        backups: `backups`.
        postgresql: the servers that the set is restored on.
        moves: whether the stack file has `moveFrom`.
        own_key: whether the backup key is generated.
    """
    if wanted is None:
        return
    path = ("restoreFrom",)
    if backups is None:
        allowed = "`backups`, whose `storage` has the set"
        yield Refusal(("backups",), Placeholder.NOTHING, allowed, (path,))
    elif wanted.stack is not None and isinstance(backups.storage, ClaimSets):
        allowed = "a bucket: another stack's volume cannot be read"
        yield Refusal(("backups", "storage", "kind"), backups.storage.kind, allowed, (_STACK,))
    elif wanted.stack is not None and own_key and backups.encryption is None:
        allowed = "the backup key of that stack: pulumi config set --secret backupKey"
        yield Refusal(("backupKey",), Placeholder.NOTHING, allowed, (_STACK,))
    server = postgresql.server_or_none
    if not postgresql.has_admin:
        allowed = "an admin: a restore creates databases"
        yield Refusal(("postgresql", "server", "admin"), Placeholder.NOTHING, allowed, (path, ("postgresql",)))
    elif server is not None and server.is_copy:
        allowed = "one of the two: a server that begins as a copy has no empty databases"
        yield Refusal(path, wanted.set, allowed, (("postgresql",),))
    if moves:
        yield Refusal(path, wanted.set, "one of the two: the databases come from `moveFrom`", (("moveFrom",),))
