"""The one place of the charts and images that the program is tested with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OfficialChart:
    """A chart in its publisher's Helm repository."""

    repository: str
    name: str
    version: str


AIRBYTE_CHART = OfficialChart("https://airbytehq.github.io/charts", "airbyte", "2.2.0")
DAGSTER_CHART = OfficialChart("https://dagster-io.github.io/helm", "dagster", "1.13.27")
POSTGRES_IMAGE = "docker.io/library/postgres:17.11-trixie"
CLOUD_SQL_PROXY_IMAGE = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.27.0"
