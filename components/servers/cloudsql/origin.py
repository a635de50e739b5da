"""Arguments of a Cloud SQL instance that say what it is restored from."""

from typing import Any

from pulumi_gcp.sql import DatabaseInstanceCloneArgs, DatabaseInstanceRestoreBackupContextArgs

from components.forms.moment import rfc3339
from components.servers.cloudsql.restore import CloudSqlRestore

ORIGIN = ["clone", "restoreBackupContext"]


def origin(restore: CloudSqlRestore | None, allocated_range: str | None) -> dict[str, Any]:
    """The arguments, by name; `allocated_range` is where a clone's address is taken from."""
    if restore is None:
        return {}
    if restore.backup is not None:
        backup = restore.backup
        context = DatabaseInstanceRestoreBackupContextArgs(
            backup_run_id=backup.id, instance_id=backup.instance, project=backup.project
        )
        return {"restore_backup_context": context}
    if restore.instance is None:
        raise ValueError("neither `instance` nor `backup`")
    clone = DatabaseInstanceCloneArgs(
        source_instance_name=restore.instance,
        point_in_time=None if restore.at is None else rfc3339(restore.at),
        source_instance_deletion_time=None if restore.deleted_at is None else rfc3339(restore.deleted_at),
        allocated_ip_range=allocated_range,
    )
    return {"clone": clone}
