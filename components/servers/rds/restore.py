"""What a new RDS instance may be restored from."""

from collections.abc import Iterator
from typing import Annotated

from components.forms.base import Model, Refusal
from components.forms.computed import OrOutput, TextInput
from components.forms.moment import Moment
from components.servers.rds import aws
from components.servers.restoring import one_of_refusals


class RdsRestore(Model):
    """A snapshot, or the automated backups of an instance that exists or was deleted. Its master user must be
    `postgres`, as it is of every instance that this program creates; it gets a new password.
    """

    snapshot: Annotated[TextInput, OrOutput(aws.SnapshotName)] | None = None
    """Identifier of a snapshot, or its ARN, such as `lakehouse-final` or `rds:lakehouse-2026-11-25-02-05`."""
    instance: Annotated[TextInput, OrOutput(aws.Identifier)] | None = None
    """Identifier of an instance that exists, in the same region."""
    automated_backups: Annotated[TextInput, OrOutput(aws.AutomatedBackupsArn)] | None = None
    """ARN of the automated backups that a deleted instance has left, such as
    `arn:aws:rds:eu-central-1:123456789012:auto-backup:ab-…`."""
    at: Moment | None = None
    """Point in time that the instance is restored to, such as `"2026-11-25T08:00:00Z"`; absent, the newest there is."""

    def refusals(self) -> Iterator[Refusal]:
        """None of the sources, or several; a point in time with a snapshot, which is of one itself."""
        sources = {"snapshot": self.snapshot, "instance": self.instance, "automatedBackups": self.automated_backups}
        yield from one_of_refusals(sources)
        if self.snapshot is not None and self.at is not None:
            allowed = "nothing beside `snapshot`; `instance` or `automatedBackups` can be restored to a point in time"
            yield Refusal(("at",), self.at, allowed, (("snapshot",), ("instance",), ("automatedBackups",)))
