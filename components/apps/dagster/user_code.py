"""User-code servers that Dagster's chart deploys if `values` lists none."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from components.apps.dagster.default_user_code import OFFICIAL
from components.forms.base import Placeholder, Refusal
from components.helm.chart import Chart
from components.postgres.database_settings import DatabaseSettings
from components.postgres.endpoint import TlsMode

_USER_CODE = "dagster-user-deployments"


def deploys_its_default(values: Mapping[str, Any]) -> bool:
    """Whether the chart's default list is deployed."""
    user_code: object = values.get(_USER_CODE, {})
    if not isinstance(user_code, Mapping):
        return False
    given = cast("Mapping[str, object]", user_code)
    return "deployments" not in given and given.get("enableSubchart") is not False


def refusals(chart: Chart, values: Mapping[str, Any], database: DatabaseSettings, tls: TlsMode) -> Iterator[Refusal]:
    """A default list that the program does not know, if its servers need the CA certificate or a restart.

    Args:
        chart: Dagster's chart.
        values: its values in the stack file.
        database: Dagster's database.
        tls: TLS mode of Dagster's connections to it.
    """
    elsewhere = chart.repository or chart.oci
    rotated, checked = database.password_rotation > 1, tls is TlsMode.VERIFY_FULL
    if elsewhere is None or not deploys_its_default(values) or not (rotated or checked):
        return
    lack = "without the database's CA certificate" if checked else "with the old password"
    allowed = (
        f"the list of user-code servers, or []: the program does not know the default list of a chart from {elsewhere},"
        f" and its servers would run {lack}"
    )
    reads = tuple(
        ("dagster", *path) for path in (("chart", "repository"), ("chart", "oci"), ("database", "passwordRotation"))
    )
    path = ("dagster", "values", _USER_CODE, "deployments")
    yield Refusal(path, Placeholder.NOTHING, allowed, (*reads, ("postgresql",)))


def default_servers(chart: Chart, values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The user-code servers of the chart's default list. Empty if the stack file has a list, or if the chart is from
    another source, whose list is not known.
    """
    if chart.repository is not None or chart.oci is not None or not deploys_its_default(values):
        return []
    if chart.path is not None:
        return chart.defaults().get(_USER_CODE, {}).get("deployments") or []
    return OFFICIAL
