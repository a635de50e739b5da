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
