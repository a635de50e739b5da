"""What a new Cloud SQL instance may be restored from."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.moment import Moment
from components.servers.cloudsql import gcp
from components.servers.restoring import one_of_refusals


class CloudSqlBackup(Model):
    """One backup of an instance."""

    id: Annotated[int, Field(ge=1)]
    """Its ID, as `gcloud sql backups list` shows it."""
    instance: gcp.InstanceName
    """Instance that the backup is of."""
    project: gcp.Project | None = None
    """Its project; absent, the new instance's."""


class CloudSqlRestore(Model):
    """A clone of an instance, at a point in time or as it is, or a backup of one."""

    instance: gcp.InstanceName | None = None
    """Instance of the same project that is cloned. It must exist, unless `deletedAt` says when it was deleted."""
    at: Moment | None = None
    """Point in time that the clone is of, such as `"2026-11-25T08:00:00Z"`; absent, the newest there is."""
    deleted_at: Moment | None = None
    """When the instance was deleted, where it was."""
    backup: CloudSqlBackup | None = None
    """A backup, instead of `instance`."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither `instance` nor `backup`, or both; a point in time with a backup, which is of one itself."""
        yield from one_of_refusals({"instance": self.instance, "backup": self.backup})
        for key, moment in (("at", self.at), ("deletedAt", self.deleted_at)):
            if self.backup is not None and moment is not None:
                allowed = "nothing beside `backup`; a clone of `instance` can be of a point in time"
                yield Refusal((key,), moment, allowed, (("backup",), ("instance",)))
