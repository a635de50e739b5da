"""Which chart an app is installed from: the official one, another version, an OCI reference or a local folder."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import AfterValidator

from components.forms.base import Model, Refusal, refuse
from components.forms.names import Form

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


def numbers(version: str) -> tuple[int, ...]:
    """The three numbers of a version, without what follows them: (2, 0, 4) of `2.0.4-1`."""
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
    chart = cast("dict[str, Any]", yaml.safe_load(text)) if text.strip() else {}
    version = chart.get("version") if isinstance(chart, dict) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if not isinstance(version, str) or not _EXACT_VERSION.fits(version):
        raise ValueError(f"there it is {version!r}")
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
    """What becomes of keys in `values` that the official chart is not known to read. `allow` is for a chart of your
    own, or for a version of the official one that is newer than this program."""

    def refusals(self) -> Iterator[Refusal]:
        """More than one source."""
        sources = {"repository": self.repository, "oci": self.oci, "path": self.path}
        given = {key: value for key, value in sources.items() if value is not None}
        first, *more = given or [""]
        for key in more:
            yield Refusal((key,), given[key], f"only one of `repository`, `oci` and `path`; {first} is there")
        if self.path is not None and self.version is not None:
            yield Refusal(("version",), self.version, "no `version` beside `path`: a folder's Chart.yaml says it")

    def defaults(self) -> dict[str, Any]:
        """Values of a local folder's chart; empty for a chart from anywhere else."""
        file = Path(self.path or "") / "values.yaml"
        found: object = yaml.safe_load(file.read_text()) if self.path is not None and file.is_file() else None
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

    def version_or(self, tested: str) -> str:
        """The version that will be installed, `tested` being this program's own choice."""
        if self.path is not None:
            return _folders_version(self.path)
        return self.version or tested
