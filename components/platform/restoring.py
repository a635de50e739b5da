"""Rules of `restoreFrom` and of backup keys: which new servers can begin as a backup set."""

from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from components.forms.base import Placeholder, Refusal
from components.platform.postgresql import AnyPostgreSQL
from components.postgres.backups.settings import BackupSets
from components.postgres.restore.settings import RestoreFrom

_SHORTEST_KEY = 16
"""Characters of a passphrase that is typed; a generated one has more."""

Keys = Mapping[str, SecretStr | None]
"""Backup keys by setting; None where one is generated."""


def key_refusals(keys: Keys, backups: BackupSets | None) -> Iterator[Refusal]:
    """Backup keys that are short, or that nothing uses."""
    for setting, key in keys.items():
        if key is not None and backups is None:
            yield Refusal((setting,), Placeholder.SECRET, "nothing without `backups`", (("backups",),))
        elif key is not None and len(key.get_secret_value()) < _SHORTEST_KEY:
            yield Refusal((setting,), Placeholder.SECRET, f"at least {_SHORTEST_KEY} characters")


def refusals(
    wanted: RestoreFrom | None, backups: BackupSets | None, keys: Keys, postgresql: AnyPostgreSQL, *, moves: bool
) -> Iterator[Refusal]:
    """A restore without sets or their keys, without an admin, or into databases that something else fills.

    Args:
        wanted: `restoreFrom`.
        backups: `backups`.
        keys: the backup keys of the apps that are deployed.
        postgresql: the servers that the set is restored on.
        moves: whether the stack file has `moveFrom`.
    """
    if wanted is None:
        return
    path = ("restoreFrom",)
    if backups is None:
        allowed = "`backups`, whose `storage` has the set"
        yield Refusal(("backups",), Placeholder.NOTHING, allowed, (path,))
    elif wanted.stack is not None and backups.encryption is None:
        for setting in (setting for setting, key in keys.items() if key is None):
            allowed = f"the backup key of that stack: pulumi config set --secret {setting}"
            yield Refusal((setting,), Placeholder.NOTHING, allowed, (("restoreFrom", "stack"),))
    server = postgresql.server_or_none
    if not postgresql.has_admin:
        allowed = "an admin: a restore creates databases"
        yield Refusal(("postgresql", "server", "admin"), Placeholder.NOTHING, allowed, (path, ("postgresql",)))
    elif server is not None and server.is_copy:
        allowed = "one of the two: a server that begins as a copy has no empty databases"
        yield Refusal(path, wanted.set, allowed, (("postgresql",),))
    if moves:
        yield Refusal(path, wanted.set, "one of the two: the databases come from `moveFrom`", (("moveFrom",),))
