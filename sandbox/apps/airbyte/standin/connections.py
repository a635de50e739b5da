"""The rows behind a connection: its two actors, their definitions, and itself."""

import json
import uuid
from typing import Any, cast

import psycopg

UNITS = ("minutes", "hours", "days", "weeks", "months")
STATUSES = ("active", "inactive", "deprecated", "locked")


def newest(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return the ten newest connections."""
    query = "SELECT id, name, status, schedule FROM connection ORDER BY created_at DESC LIMIT 10"
    found = connection.execute(query).fetchall()
    return [{"id": str(i), "name": name, "status": status, "schedule": plan} for i, name, status, plan in found]


def schedule_of(value: Any) -> dict[str, Any]:
    """Return a schedule as the table holds it.

    Raises:
        ValueError: it has not the form that the text says.

    """
    given = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    if not isinstance(given.get("units"), int) or given.get("timeUnit") not in UNITS:
        msg = f'schedule must be {{"units": NUMBER, "timeUnit": one of {", ".join(UNITS)}}}'
        raise ValueError(msg)
    return {"units": given["units"], "timeUnit": given["timeUnit"]}


def create(connection: psycopg.Connection, name: str, status: str, schedule: dict[str, Any] | None) -> uuid.UUID:
    """Make a connection between a new source and a new destination, and return its id."""
    (workspace,) = connection.execute("SELECT id FROM workspace ORDER BY created_at LIMIT 1").fetchone() or (None,)
    ends: list[uuid.UUID] = []
    for kind in ("source", "destination"):
        definition = uuid.uuid5(uuid.NAMESPACE_URL, f"stand-in/{kind}")
        connection.execute(
            "INSERT INTO actor_definition (id, name, actor_type) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (definition, f"Stand-in {kind}", kind),
        )
        ends.append(uuid.uuid4())
        connection.execute(
            "INSERT INTO actor (id, workspace_id, actor_definition_id, name, configuration, actor_type)"
            " VALUES (%s, %s, %s, %s, '{}', %s)",
            (ends[-1], workspace, definition, f"{name} {kind}"[:256], kind),
        )
    new = uuid.uuid4()
    connection.execute(
        "INSERT INTO connection (id, namespace_definition, source_id, destination_id, name, catalog, status, schedule,"
        " manual, schedule_type) VALUES (%s, 'source', %s, %s, %s, '{\"streams\": []}', %s, %s, %s, %s)",
        (
            new,
            *ends,
            name,
            status,
            None if schedule is None else json.dumps(schedule),
            schedule is None,
            "manual" if schedule is None else "basic_schedule",
        ),
    )
    return new
