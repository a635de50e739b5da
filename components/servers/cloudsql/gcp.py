"""Names, identifiers and machine types in the forms that Google Cloud takes (Cloud SQL Admin API, `instances`)."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import refuse
from components.forms.names import Form
from components.servers.cloud import CLOCK

_AREAS = "africa|asia|australia|europe|me|northamerica|southamerica|us"
_SIDES = "north|northeast|east|southeast|south|southwest|west|northwest|central"
_PROJECT = r"(?:[-a-z0-9.]{1,63}:)?[a-z][-a-z0-9]{4,28}[a-z0-9]"

Region = Annotated[
    str, Form(f"(?:{_AREAS})-(?:{_SIDES})[1-9][0-9]?", 30, "a Google Cloud region, such as europe-west3")
]
"""A Google Cloud region."""

Zone = Annotated[
    str, Form(f"(?:{_AREAS})-(?:{_SIDES})[1-9][0-9]?-[a-z]", 32, "a Google Cloud zone, such as europe-west3-a")
]
"""A zone of a region."""

Project = Annotated[
    str,
    Form(
        _PROJECT, 94, "a Google Cloud project id: 6 to 30 lower-case letters, digits and '-', beginning with a letter"
    ),
]
"""Id of a project, with its domain before it if it has one."""

LONGEST_CONNECTION_PART = 98
"""Characters of `project:instance` together ("Create instances" in Cloud SQL's documentation)."""

InstanceName = Annotated[
    str,
    Form(
        r"[a-z](?:[-a-z0-9]*[a-z0-9])?",
        91,
        "lower-case letters, digits and '-', beginning with a letter and not ending in '-'",
    ),
]
"""Name of a Cloud SQL instance; that of a deleted one is reserved for a week."""

Network = Annotated[
    str,
    Form(
        rf"projects/{_PROJECT}/global/networks/[a-z](?:[-a-z0-9]{{0,61}}[a-z0-9])?",
        200,
        "a VPC network, as projects/<project>/global/networks/<name>",
    ),
]
"""A VPC network by its whole name."""

# RFC 1035, as the API says of allocatedIpRange.
RangeName = Annotated[
    str,
    Form(r"[a-z](?:[-a-z0-9]*[a-z0-9])?", 63, "lower-case letters, digits and '-', beginning with a letter"),
]
"""Name of an address range that is allocated to services."""

KmsKey = Annotated[
    str,
    Form(
        rf"projects/{_PROJECT}/locations/[-a-z0-9]+/keyRings/[-\w]{{1,63}}/cryptoKeys/[-\w]{{1,63}}",
        300,
        "a key, as projects/<project>/locations/<region>/keyRings/<ring>/cryptoKeys/<key>",
    ),
]
"""A key of Cloud KMS by its whole name."""

ServiceAccount = Annotated[
    str,
    Form(
        r"[a-z][-a-z0-9]{4,28}[a-z0-9]@[a-z][-a-z0-9.]+\.iam\.gserviceaccount\.com",
        150,
        "a service account, as <name>@<project>.iam.gserviceaccount.com",
    ),
]
"""Address of an IAM service account."""

StartTime = Annotated[str, Form(CLOCK, 5, "a time of day in UTC, such as 02:00")]
"""A time of day at which something starts, UTC."""


@dataclass(frozen=True)
class Machine:
    """What a tier includes.

    Attributes:
        edition: the edition that has it.
        hyperdisk: whether its disks are Hyperdisks, else persistent disks.
        shared: whether it shares a core with others.
    """

    edition: str
    hyperdisk: bool = False
    shared: bool = False


# "Machine types" and "Introduction to Cloud SQL editions" in Cloud SQL's documentation.
_CUSTOM = re.compile(r"db-custom-([1-9][0-9]?)-([1-9][0-9]{3,5})")
_SHARED = ("db-f1-micro", "db-g1-small")
_N2 = tuple(f"db-perf-optimized-N-{cpus}" for cpus in (2, 4, 8, 16, 32, 48, 64, 80, 96, 128))
_C4A = tuple(f"db-c4a-highmem-{cpus}" for cpus in (1, 2, 4, 8, 16, 32, 48, 64, 72))


def machine(tier: str) -> Machine:
    """The machine of a checked tier."""
    if tier in _N2:
        return Machine("ENTERPRISE_PLUS")
    if tier in _C4A:
        return Machine("ENTERPRISE_PLUS", hyperdisk=True)
    return Machine("ENTERPRISE", shared=tier in _SHARED)


def _tier(value: str) -> str:
    if value in (*_SHARED, *_N2, *_C4A):
        return value
    match = _CUSTOM.fullmatch(value)
    if match is None:
        refuse("a tier: db-custom-<CPUs>-<MiB>, db-perf-optimized-N-<CPUs>, db-c4a-highmem-<CPUs>, db-g1-small")
    cpus, memory = int(match[1]), int(match[2])
    if cpus > 96 or (cpus > 1 and cpus % 2):
        refuse("a tier with 1 CPU or an even number of them up to 96")
    # 0.9 to 6.5 GB for each CPU, a multiple of 256 MB, 3.75 GB at least.
    least, most = max(3840, -(-cpus * 9216 // 10 // 256) * 256), cpus * 6656
    if memory % 256 or not least <= memory <= most:
        refuse(
            f"a tier whose memory is a multiple of 256 MiB, from {least} to {most} with {cpus} CPU{'s' * (cpus > 1)}"
        )
    return value


Tier = Annotated[str, AfterValidator(_tier)]
"""Machine type of a Cloud SQL instance for PostgreSQL."""
