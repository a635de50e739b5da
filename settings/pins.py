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
CLOUDNATIVEPG_CHART = OfficialChart("https://cloudnative-pg.github.io/charts", "cloudnative-pg", "0.27.0")
"""The chart of operator 1.28.0."""
CLOUDNATIVEPG_IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.11-202608170816-system-trixie"
CLOUDNATIVEPG_PGBOUNCER_IMAGE = "ghcr.io/cloudnative-pg/pgbouncer:1.25.1"
"""The one that operator 1.28.0 takes by default."""
