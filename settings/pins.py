"""The one place of the charts and images that the program is tested with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OfficialChart:
    """A chart in its publisher's Helm repository."""

    repository: str
    name: str
    version: str


@dataclass(frozen=True)
class OciChart:
    """A chart in its publisher's OCI registry."""

    reference: str
    version: str

    @property
    def name(self) -> str:
        """Name of the chart."""
        return self.reference.rpartition("/")[2]


AIRBYTE_CHART = OfficialChart("https://airbytehq.github.io/charts", "airbyte", "2.2.0")
DAGSTER_CHART = OfficialChart("https://dagster-io.github.io/helm", "dagster", "1.13.27")
# CrunchyData's operator; chart and CRDs have its version.
PGO_CHART = OciChart("oci://registry.developers.crunchydata.com/crunchydata/pgo", "6.0.3")
POSTGRES_IMAGE = "docker.io/library/postgres:17.11-trixie"
CLOUD_SQL_PROXY_IMAGE = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.27.0"
CLOUDNATIVEPG_CHART = OfficialChart("https://cloudnative-pg.github.io/charts", "cloudnative-pg", "0.27.0")
"""The chart of operator 1.28.0."""
CLOUDNATIVEPG_IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.11-202608170816-system-trixie"
CLOUDNATIVEPG_PGBOUNCER_IMAGE = "ghcr.io/cloudnative-pg/pgbouncer:1.25.1"
"""The one that operator 1.28.0 takes by default."""
