"""Runs to store."""

from typing import Any

from dagster import DagsterRun
from dagster._core.utils import make_new_run_id


def dagster_run(**fields: Any) -> DagsterRun:
    """A run with these fields; its identifier is new unless given."""
    return DagsterRun(**{"run_id": make_new_run_id(), "job_name": "job", **fields})
