"""How many connections an RDS instance accepts by default."""

import re
from collections.abc import Mapping

from components.postgres.term import Term

OWN = Term("RDS itself", 5)
"""An allowance for `rdsadmin`, beside the 2 of `rds.rds_superuser_reserved_connections`."""

_MEMORY_OF_A_CONNECTION = 9_531_392
_MOST = 5000
"""The default of `max_connections`, `LEAST({DBInstanceClassMemory/9531392},5000)` ("Quotas and constraints")."""

_FOR_CONNECTIONS = 0.9
"""Part of an instance's memory that DBInstanceClassMemory is at least: the rest is the system's and RDS's own."""

_GIB_PER_CPU = {"m": 4, "r": 8}
_CPUS = {"large": 2, "xlarge": 4}
_BURSTABLE_GIB = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
"""Memory of the families m, r, and t ("Hardware specifications for DB instance classes")."""


def default_max_connections(instance_class: str) -> int | None:
    """The least that RDS sets `max_connections` to; None for families of which the memory is not known here.

    Args:
        instance_class: a checked class, such as `db.m7g.large`.
    """
    memory = _memory_gib(instance_class)
    return None if memory is None else min(int(memory * 2**30 * _FOR_CONNECTIONS / _MEMORY_OF_A_CONNECTION), _MOST)


def _memory_gib(instance_class: str) -> int | None:
    match = re.fullmatch(r"db\.([a-z]+)[0-9]+[a-z]*\.([0-9a-z]+)", instance_class)
    if match is None:
        return None
    family, size = match.groups()
    if family == "t":
        return _BURSTABLE_GIB.get(size)
    return _of_cpus(size, _GIB_PER_CPU.get(family))


def _of_cpus(size: str, gib_per_cpu: int | None) -> int | None:
    multiple = re.fullmatch(r"([1-9][0-9]?)xlarge", size)
    cpus = 4 * int(multiple[1]) if multiple else _CPUS.get(size)
    return None if cpus is None or gib_per_cpu is None else cpus * gib_per_cpu


def superuser_reserve(parameters: Mapping[str, object]) -> tuple[Term, ...]:
    """Connections that RDS reserves for members of `rds_superuser`."""
    given = parameters.get("rds.rds_superuser_reserved_connections", 2)
    return (Term("rds.rds_superuser_reserved_connections", given),) if isinstance(given, int) and given else ()
