"""Backup sets as settings: when, where to, how many are retained."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.cron import Cron
from components.forms.images import RCLONE_IMAGE, image
from components.forms.names import Form, ObjectName
from components.forms.quantity import VolumeSize
from components.postgres.backups.storage import SetStorage

_IMAGE = image(r"[\w]", "an image with a tag, such as registry.example.com/age:1.2.1")
_RECIPIENT = Form(
    r"age1[02-9ac-hj-np-z]{58}", None, "a public key of age: age1 and 58 characters, as `age-keygen` prints it"
)
_COMPRESSION = Form(
    r"(none|gzip:[1-9]|lz4:([1-9]|1[0-2])|zstd:([1-9]|1[0-9]))",
    None,
    "none, gzip:1 to gzip:9, lz4:1 to lz4:12, or zstd:1 to zstd:19",
)


class Retention(Model):
    """How long sets are retained."""

    days: Annotated[int, Field(ge=1, le=36_500)] = 30
    """Older sets are deleted."""
    count: Annotated[int, Field(ge=1, le=10_000)] = 7
    """So many of the newest proven sets are retained, however old they are."""


class Encryption(Model):
    """Encryption with age to public keys. Nothing in the cluster can decrypt the sets."""

    recipients: Annotated[list[Annotated[str, _RECIPIENT]], Field(min_length=1)]
    """Public keys, each of which can decrypt: `age1…`."""
    image: Annotated[str, _IMAGE]
    """An image with `age` and a shell; there is no official one."""


class Scratch(Model):
    """The volume of one run: the dump, and a throw-away server that it is restored into. It is deleted with the pod."""

    storage_size: VolumeSize = "20Gi"
    """Size, at least one and a half times that of the app's databases."""
    storage_class: ObjectName | None = None
    """Storage class; absent, the cluster's default."""


class BackupSets(Model):
    """Backup sets of each app: its databases and Secrets, taken at one moment, and proven by a restore."""

    schedule: Cron = "0 2 * * *"
    """When sets are taken, as five fields of cron, by UTC: `0 2 * * *` is two o'clock every day."""
    storage: SetStorage
    """Where sets are stored: `claim`, `s3`, `s3-compatible`, `gcs` or `azure`."""
    retention: Retention = Retention()
    """How long sets are retained."""
    moment: Literal["locked", "each"] = "locked"
    """`locked`: all databases of an app at one moment, for which its writers wait for two seconds at most. `each`: each
    at a moment of its own, without waiting."""
    compression: Annotated[str, _COMPRESSION] = "zstd:3"
    """How dumps are compressed, as for `pg_dump --compress`."""
    jobs: Annotated[int, Field(ge=1, le=32)] = 2
    """Tables that are dumped and restored at the same time."""
    encryption: Encryption | None = None
    """Encryption to public keys; absent, only the Secrets in a set are encrypted, with the stack's backup key."""
    scratch: Scratch = Scratch()
    """The volume of one run."""
    deadline_seconds: Annotated[int, Field(ge=300, le=604_800)] = 21_600
    """How long a run may take before it is ended and counts as failed."""
    before_upgrade: bool = False
    """Whether `pulumi up` makes and proves a set before it installs another version of the app's chart, and once after
    an update of this program; if that fails, the app stays as it is."""
    suspend: bool = False
    """Whether no sets are taken by the schedule. Jobs that are created by hand still run."""
    image: Annotated[str, _IMAGE] = RCLONE_IMAGE
    """Image with `rclone` and a shell."""

    def dump_connections(self, databases: int) -> int:
        """Connections of a run at the most, for an app with so many databases."""
        # A session for each database holds its snapshot, and one more its lock until all snapshots are taken. Then
        # `pg_dump` has one for itself and one for each of several jobs, and one counts the rows meanwhile.
        dump = databases + 1 + (self.jobs if self.jobs > 1 else 0) + 1
        return max(dump, 2 * databases if self.moment == "locked" else 0)

    @property
    def restore_connections(self) -> int:
        """Connections of a restore at the most: one holds its lock, one reports progress, and those of `pg_restore`."""
        return 2 + self.jobs

    def refusals(self) -> Iterator[Refusal]:
        """The same public key twice."""
        if self.encryption is not None:
            seen: set[str] = set()
            for number, recipient in enumerate(self.encryption.recipients):
                if recipient in seen:
                    yield Refusal(("encryption", "recipients", number), recipient, "each public key once")
                seen.add(recipient)
