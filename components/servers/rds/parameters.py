"""PostgreSQL settings as RDS takes them."""

import re
from typing import Annotated

from pydantic import AfterValidator

from components.forms.parameters import Parameter, ParameterValue, without
from components.forms.postgresql_settings import read_at_start
from components.servers.cloud_parameters import in_base_units, protected

# "Specifying DB parameters" in the RDS User Guide: formulas in braces, and functions of them.
_FORMULA = re.compile(r"\s*(?:\{|(?:GREATEST|LEAST|SUM)\s*\()")

# Further parameters that are read at the start alone: of RDS, of extensions, and of PostgreSQL before 17.
_FURTHER = frozenset(
    {
        "cron.database_name",
        "cron.max_running_jobs",
        "cron.use_background_workers",
        "old_snapshot_threshold",
        "pglogical.use_spi",
        "rds.enable_plan_management",
        "rds.logical_replication",
    }
)


def _is_formula(value: ParameterValue) -> bool:
    return isinstance(value, str) and _FORMULA.match(value) is not None


def _converted(parameters: dict[str, ParameterValue]) -> dict[str, ParameterValue]:
    return in_base_units(parameters, unchanged=_is_formula)


RdsParameters = Annotated[
    dict[str, Parameter],
    without(protected("rds.accepted_password_auth_method", "rds.force_ssl")),
    AfterValidator(_converted),
]
"""PostgreSQL settings by name: numbers of each setting's own unit, or formulas of RDS."""


def needs_reboot(name: str) -> bool:
    """Whether a parameter waits for a reboot: AWS calls it static, and refuses to apply it at once."""
    return name in _FURTHER or read_at_start(name)
