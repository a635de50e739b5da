"""PostgreSQL settings as Cloud SQL takes them, which calls them database flags."""

from typing import Annotated

from pydantic import AfterValidator

from components.forms.parameters import Parameter, without
from components.forms.postgresql_settings import read_at_start
from components.servers.cloud_parameters import in_base_units, protected

# Flags of Cloud SQL that are read at the server's start ("Configure database flags"); each `enable_` loads a library.
_READ_AT_START = ("cloudsql.enable_", "cloudsql.logical_decoding")

CloudSqlParameters = Annotated[dict[str, Parameter], without(protected()), AfterValidator(in_base_units)]
"""PostgreSQL settings by name: numbers of each setting's own unit."""


def restarts(name: str) -> bool:
    """Whether Cloud SQL restarts the server when the flag changes."""
    return read_at_start(name) or name.startswith(_READ_AT_START)
