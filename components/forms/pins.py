"""The one place of the charts and images that the program is tested with."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class OfficialChart:
    """A chart in its publisher's Helm repository.

    Attributes:
        repository: address of the repository.
        name: name of the chart.
        version: the version that is installed by default.
        repositories: other addresses, by the major version that is there instead.
    """

    repository: str
    name: str
    version: str
    repositories: Mapping[int, str] = field(default_factory=dict[int, str])

    def repository_of(self, version: str) -> str:
        """Address of the repository that carries this version."""
        return self.repositories.get(int(version.partition(".")[0]), self.repository)


@dataclass(frozen=True)
class OciChart:
    """A chart in its publisher's OCI registry."""

    reference: str
    version: str

    @property
    def name(self) -> str:
        """Name of the chart."""
        return self.reference.rpartition("/")[2]


AIRBYTE_CHART = OfficialChart(
    "https://airbytehq.github.io/charts", "airbyte", "2.2.0", {1: "https://airbytehq.github.io/helm-charts"}
)
AIRBYTE_TESTED = {1: ("1.2.0", "1.9.2"), 2: ("2.0.5", "2.2.0")}
"""By major version, the first and the last version of Airbyte's chart of which all was rendered with the program's
values and compared with what the program makes, for each kind of storage and of TLS. 1.0 and 1.1 do not render with an
access key for S3, 2.0.0 to 2.0.2 and 2.0.4-1 with annotations of pods."""
DAGSTER_CHART = OfficialChart("https://dagster-io.github.io/helm", "dagster", "1.13.27")
DAGSTER_OLDEST = (1, 4, 0)
"""The first version of Dagster's chart with `dagsterWebserver`, the name of today (the chart's `_backcompat.tpl`)."""
# CrunchyData's operator; chart and CRDs have its version.
PGO_CHART = OciChart("oci://registry.developers.crunchydata.com/crunchydata/pgo", "6.0.3")
POSTGRES_IMAGE = "docker.io/library/postgres:17.11-trixie"
CLOUD_SQL_PROXY_IMAGE = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.27.0"
CLOUDNATIVEPG_CHART = OfficialChart("https://cloudnative-pg.github.io/charts", "cloudnative-pg", "0.27.0")
"""The chart of operator 1.28.0."""
CLOUDNATIVEPG_IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.11-202608170816-system-trixie"
CLOUDNATIVEPG_PGBOUNCER_IMAGE = "ghcr.io/cloudnative-pg/pgbouncer:1.25.1"
"""The one that operator 1.28.0 takes by default."""
