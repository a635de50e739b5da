"""User-code servers that Dagster's chart deploys where `values` lists none."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from components.apps.settings import Dagster
from components.forms.base import Found, Refusal

_USER_CODE = "dagster-user-deployments"


def deploys_its_default(values: Mapping[str, Any]) -> bool:
    """Whether the chart's own default list is what is deployed."""
    user_code: object = values.get(_USER_CODE, {})
    if not isinstance(user_code, Mapping):
        return False
    said = cast("Mapping[str, object]", user_code)
    return "deployments" not in said and said.get("enableSubchart") is not False


def refusals(dagster: Dagster, tls: str) -> Iterator[Refusal]:
    """A default list that nobody knows, where its servers need something: a rotated password's restart, or the CA."""
    elsewhere = dagster.chart.repository or dagster.chart.oci
    rotated, checked = dagster.database.password_rotation > 1, tls == "verify-full"
    if elsewhere is None or not deploys_its_default(dagster.values) or not (rotated or checked):
        return
    lack = "without the CA of the database" if checked else "with the old password"
    allowed = (
        f"the list of user-code servers, or []: the default of a chart from {elsewhere} is not known here, and its"
        f" servers would be left {lack}"
    )
    reads = tuple(
        ("dagster", *path) for path in (("chart", "repository"), ("chart", "oci"), ("database", "passwordRotation"))
    )
    path = ("dagster", "values", _USER_CODE, "deployments")
    yield Refusal(path, Found.NOTHING, allowed, (*reads, ("postgresql",)))
