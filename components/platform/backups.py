"""An app's backups and restores, from the stack file and from what was created of the app."""

import tomllib
from pathlib import Path

from components.apps.airbyte.pins import AIRBYTE_CHART
from components.apps.app import AppSettings
from components.apps.dagster.pins import DAGSTER_CHART
from components.postgres.backups.pod import BackupOf
from components.postgres.database import Database, stack_id
from components.postgres.server import ServerConnection

_CHARTS = {"airbyte": AIRBYTE_CHART, "dagster": DAGSTER_CHART}
_PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def backup_of(app: AppSettings, server: ServerConnection, database: Database) -> BackupOf:
    """The app as its backups see it."""
    return BackupOf(
        app=app.key,
        namespace=app.namespace,
        server=server,
        username=app.database.username,
        databases=list(app.databases),
        database_secret=app.database.secret_name,
        secret_names=app.secret_names,
        own_secrets=app.own_secrets,
        release=app.release_name,
        stack=stack_id(),
        deployment=database.deployment,
        chart=f"{app.key} {app.chart.version_or(_CHARTS[app.key].version)}",
        program=tomllib.loads(_PROJECT.read_text())["project"]["version"],
    )
