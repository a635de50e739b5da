"""How many connections a Cloud SQL instance accepts by default."""

import re

from components.postgres.term import Term

OWN = Term("Cloud SQL itself", 5)
"""An allowance for `cloudsqladmin` and `cloudsqlagent`."""

_SHARED = {"db-f1-micro": 25, "db-g1-small": 50}
_BY_MIB = ((122_880, 1000), (61_440, 800), (30_720, 600), (15_360, 500), (7_680, 400), (6_144, 200), (3_840, 100))
"""The default of `max_connections` from a memory on ("Configure database flags" in Cloud SQL's documentation)."""

_MIB_PER_CPU = 8 * 1024
"""Of the tiers of ENTERPRISE_PLUS ("Machine types")."""


def default_max_connections(tier: str) -> int:
    """What Cloud SQL sets `max_connections` to.

    Args:
        tier: a checked tier, such as `db-custom-2-7680`.
    """
    if tier in _SHARED:
        return _SHARED[tier]
    custom = re.fullmatch(r"db-custom-[0-9]+-([0-9]+)", tier)
    memory = int(custom[1]) if custom else int(tier.rpartition("-")[2]) * _MIB_PER_CPU
    return next(connections for least, connections in _BY_MIB if memory >= least)
