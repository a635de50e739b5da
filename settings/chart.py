"""Which chart an app is installed from: the official one, another version, an OCI reference or a local folder."""

import re
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, model_validator

from settings.base import Model, refuse

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def _exact_version(value: str) -> str:
    if _VERSION.fullmatch(value) is None:
        refuse("one exact version, such as 2.2.0; no range, no `v`, not `latest`")
    return value


def _repository(value: str) -> str:
    if re.fullmatch(r"https?://[^\s]+", value) is None:
        refuse("the address of a Helm repository, beginning with https:// (an OCI reference goes into `oci`)")
    return value


def _oci(value: str) -> str:
    if re.fullmatch(r"oci://[^\s@:]+(:[0-9]+)?(/[^\s@:]+)+", value) is None:
        refuse("an OCI reference without a tag, such as oci://registry.example.com/charts/airbyte")
    return value


def _folder(value: str) -> str:
    if not (Path(value) / "Chart.yaml").is_file():
        refuse("a chart's folder (one with a Chart.yaml), absolute or relative to Pulumi.yaml")
    return value


class Chart(Model):
    """Where a chart comes from. At most one of `repository`, `oci` and `path` is given."""

    version: Annotated[str, AfterValidator(_exact_version)] | None = None
    """Exact version; absent, the one that this program is tested with. A local folder has its own."""
    repository: Annotated[str, AfterValidator(_repository)] | None = None
    """Another Helm repository that carries the chart."""
    oci: Annotated[str, AfterValidator(_oci)] | None = None
    """OCI reference of the chart, without a tag."""
    path: Annotated[str, AfterValidator(_folder)] | None = None
    """Local folder of the chart."""

    @model_validator(mode="after")
    def _one_source(self) -> "Chart":
        given = [key for key in ("repository", "oci", "path") if getattr(self, key) is not None]
        if len(given) > 1:
            refuse("only one of `repository`, `oci` and `path`", key=given[1], found=getattr(self, given[1]))
        if self.path is not None and self.version is not None:
            refuse("no `version` beside `path`: a folder's Chart.yaml says it", key="version", found=self.version)
        return self

    def version_or(self, tested: str) -> str:
        """The version that will be installed, `tested` being this program's own choice."""
        if self.path is not None:
            return str(yaml.safe_load((Path(self.path) / "Chart.yaml").read_text())["version"])
        return self.version or tested
