"""The chart that an app is installed from: the official one, another version, an OCI reference or a local folder."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import AfterValidator

from components.forms.base import Model, Refusal, refuse
from components.forms.names import Form
from components.helm.official import OciChart, OfficialChart

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader

_EXACT_VERSION = Form(
    r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?",
    None,
    "one exact version, such as 2.2.0; no range, no `v`, not `latest`",
)
_REPOSITORY = Form(
    r"https?://[^\s]+",
    None,
    "the address of a Helm repository, beginning with https:// (an OCI reference goes into `oci`)",
)
_OCI = Form(
    r"oci://[^\s@:]+(:[0-9]+)?(/[^\s@:]+)+",
    None,
    "an OCI reference without a tag, such as oci://registry.example.com/charts/airbyte",
)


@dataclass(frozen=True)
class ChartSource:
    """One chart in one version.

    Attributes:
        chart: name in the repository, OCI reference, or path of a folder.
        version: exact version; None for a folder.
        repository: address of the Helm repository, if `chart` is a name.
    """

    chart: str
    version: str | None = None
    repository: str | None = None


def numbers(version: str) -> tuple[int, ...]:
    """Major, minor and patch version, without a suffix: (2, 0, 4) of `2.0.4-1`."""
    return tuple(int(part) for part in re.findall(r"[0-9]+", version)[:3])


def _folder(value: str) -> str:
    if not (Path(value) / "Chart.yaml").is_file():
        refuse("a chart's folder (one with a Chart.yaml), absolute or relative to Pulumi.yaml")
    try:
        _folders_version(value)
    except (yaml.YAMLError, OSError, ValueError) as error:
        refuse(f"a folder whose Chart.yaml has an exact version; {' '.join(str(error).split())}")
    return value


def _folders_version(folder: str) -> str:
    text = (Path(folder) / "Chart.yaml").read_text()
    chart = cast("dict[str, Any]", yaml.load(text, SafeLoader)) if text.strip() else {}
    version = chart.get("version") if isinstance(chart, dict) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if not isinstance(version, str) or not _EXACT_VERSION.fits(version):
        raise ValueError(f"its version is {version!r}")
    return version


class Chart(Model):
    """Where a chart comes from. At most one of `repository`, `oci` and `path` is given."""

    version: Annotated[str, _EXACT_VERSION] | None = None
    """Exact version; absent, the one that this program is tested with. A local folder has its own."""
    repository: Annotated[str, _REPOSITORY] | None = None
    """Another Helm repository that carries the chart."""
    oci: Annotated[str, _OCI] | None = None
    """OCI reference of the chart, without a tag."""
    path: Annotated[str, AfterValidator(_folder)] | None = None
    """Local folder of the chart."""
    unknown_values: Literal["refuse", "allow"] = "refuse"
    """Whether keys in `values` that the official chart does not read are refused. `allow` is for a chart of your own,
    or for a version of the official one that is newer than this program."""

    def refusals(self) -> Iterator[Refusal]:
        """More than one source."""
        sources = {"repository": self.repository, "oci": self.oci, "path": self.path}
        given = {key: value for key, value in sources.items() if value is not None}
        first, *more = given or [""]
        for key in more:
            yield Refusal((key,), given[key], f"only one of `repository`, `oci` and `path`; {first} is given")
        if self.path is not None and self.version is not None:
            yield Refusal(
                ("version",),
                self.version,
                "no `version` together with `path`: the version is in the folder's Chart.yaml",
            )

    def source(self, official: OfficialChart | OciChart) -> ChartSource:
        """The chart for Helm; `official` is the one that is installed by default."""
        if self.path is not None:
            return ChartSource(self.path)
        version = self.version_or(official.version)
        if self.oci is not None:
            return ChartSource(self.oci, version)
        if self.repository is not None:
            return ChartSource(official.name, version, self.repository)
        if isinstance(official, OciChart):
            return ChartSource(official.reference, version)
        return ChartSource(official.name, version, official.repository_of(version))

    def defaults(self) -> dict[str, Any]:
        """Values of a local folder's chart; empty for a chart from anywhere else."""
        file = Path(self.path or "") / "values.yaml"
        values: object = yaml.load(file.read_text(), SafeLoader) if self.path is not None and file.is_file() else None
        return cast("dict[str, Any]", values) if isinstance(values, dict) else {}

    def version_or(self, tested: str) -> str:
        """The version that is installed; `tested` is the default of this program."""
        if self.path is not None:
            return _folders_version(self.path)
        return self.version or tested
