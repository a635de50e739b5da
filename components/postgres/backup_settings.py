"""Backups of a server that an operator runs, as far as they are the same for every operator."""

from typing import Annotated

from pydantic import Field

from components.forms.base import Model
from components.forms.cron import Cron
from components.forms.names import Form

BucketPath = Annotated[
    str,
    Form(
        r"[-._=a-zA-Z0-9]+(/[-._=a-zA-Z0-9]+)*",
        None,
        "folders in the bucket, such as backups/prod, without a '/' at either end",
    ),
]
"""Where in a bucket backups are stored."""


class BackupSettings(Model):
    """When full backups are taken and how long they are retained, with all WAL since."""

    schedule: Cron
    """When full backups are taken, as five fields of cron, by UTC: `0 2 * * *` is two o'clock every day."""
    retention_days: Annotated[int, Field(ge=1, le=36_500)]
    """How many days back the server can be restored to any point in time."""
