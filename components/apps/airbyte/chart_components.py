"""The components of Airbyte's chart that run pods, in the community edition (the charts' templates)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ChartComponent:
    """A component of the chart.

    Attributes:
        key: its key in the chart's values.
        credentials: whether its environment variables contain credentials.
        database: whether it connects to the database.
        ends: whether its pod runs to completion.
    """

    key: str
    credentials: bool = True
    database: bool = True
    ends: bool = False


CHART_COMPONENTS: Mapping[int, Sequence[ChartComponent]] = {
    1: (
        ChartComponent("airbyte-bootloader", ends=True),
        ChartComponent("connector-builder-server", database=False),
        ChartComponent("cron"),
        ChartComponent("metrics"),
        ChartComponent("server"),
        ChartComponent("temporal"),
        ChartComponent("webapp", credentials=False, database=False),
        ChartComponent("worker"),
        ChartComponent("workload-api-server"),
        ChartComponent("workload-launcher"),
    ),
    2: (
        ChartComponent("airbyteBootloader", ends=True),
        ChartComponent("connectorRolloutWorker", credentials=False, database=False),
        ChartComponent("cron"),
        ChartComponent("manifestServer", database=False),
        ChartComponent("metrics"),
        ChartComponent("server"),
        ChartComponent("temporal"),
        ChartComponent("webapp", credentials=False, database=False),
        ChartComponent("worker"),
        ChartComponent("workloadApiServer"),
        ChartComponent("workloadLauncher"),
    ),
}
"""By major version of the chart."""

DATABASE_CLIENTS = tuple(
    dict.fromkeys(part.key for parts in CHART_COMPONENTS.values() for part in parts if part.database)
)
"""Keys of the components of any version that connect to the database."""
