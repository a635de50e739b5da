"""Charts in their publishers' repositories, each in the version that the program is tested with."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class OfficialChart:
    """A chart in its publisher's Helm repository.

    Attributes:
        repository: address of the repository.
        name: name of the chart.
        version: the version that is installed by default.
        repositories: addresses of other repositories, by the major version that they serve.
    """

    repository: str
    name: str
    version: str
    repositories: Mapping[int, str] = field(default_factory=dict[int, str])

    def repository_of(self, version: str) -> str:
        """Address of the repository that serves this version."""
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
