"""Names and identifiers in the forms that AWS takes (RDS API reference, `CreateDBInstance`)."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import refuse
from components.forms.names import Form

_PARTS = "af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov"
_SIDES = "north|northeast|east|southeast|south|southwest|west|northwest|central"

Region = Annotated[str, Form(f"(?:{_PARTS})-(?:{_SIDES})-[1-9]", 25, "an AWS region, such as eu-central-1")]
"""An AWS region."""

Profile = Annotated[str, Form(r"[^\s\[\]]+", 255, "the name of a profile in the AWS configuration, without spaces")]
"""A profile of the AWS configuration."""

# Constraints of DBInstanceIdentifier.
Identifier = Annotated[
    str,
    Form(
        r"[a-z](?:-?[a-z0-9])*",
        63,
        "lower-case letters, digits and single '-', beginning with a letter and not ending in '-'",
    ),
]
"""Identifier of a DB instance. AWS stores capitals as small letters, which would show as a change in every preview."""

# Constraints of FinalDBSnapshotIdentifier.
SnapshotIdentifier = Annotated[
    str,
    Form(
        r"[a-zA-Z](?:-?[a-zA-Z0-9])*",
        255,
        "letters, digits and single '-', beginning with a letter and not ending in '-'",
    ),
]
"""Identifier of a snapshot."""

# Those of AWS itself begin with `rds:`, and of another account or region it takes the ARN.
SnapshotName = Annotated[
    str,
    Form(
        r"(?:arn:aws[-a-z]*:rds:[-a-z0-9]+:[0-9]{12}:snapshot:)?(?:rds:|awsbackup:)?[a-zA-Z](?:-?[a-zA-Z0-9])*",
        400,
        "the identifier of a snapshot, such as lakehouse-final or rds:lakehouse-2026-11-25-02-05, or its ARN",
    ),
]
"""An existing snapshot."""

AutomatedBackupsArn = Annotated[
    str,
    Form(
        r"arn:aws[-a-z]*:rds:[-a-z0-9]+:[0-9]{12}:auto-backup:ab-[a-z0-9]+",
        200,
        "the ARN of an instance's automated backups: arn:aws:rds:<region>:<account>:auto-backup:ab-…",
    ),
]
"""ARN of automated backups (`aws rds describe-db-instance-automated-backups`)."""

# Constraints of DBSubnetGroupName.
SubnetGroupName = Annotated[
    str,
    Form(r"(?!default$)[a-z0-9][-a-z0-9._ ]*", 255, "the name of a DB subnet group, in small letters, not `default`"),
]
"""Name of a DB subnet group."""

_HEX = "(?:[0-9a-f]{8}|[0-9a-f]{17})"

VpcId = Annotated[str, Form(f"vpc-{_HEX}", 21, "the id of a VPC: vpc- and 8 or 17 hexadecimal digits")]
"""Id of a VPC."""

SubnetId = Annotated[str, Form(f"subnet-{_HEX}", 24, "the id of a subnet: subnet- and 8 or 17 hexadecimal digits")]
"""Id of a subnet."""

SecurityGroupId = Annotated[
    str, Form(f"sg-{_HEX}", 20, "the id of a security group: sg- and 8 or 17 hexadecimal digits")
]
"""Id of a security group."""

# `db.`, the family (with `.tpc1.mem2x` and the like for optimised ones), the size.
InstanceClass = Annotated[
    str,
    Form(
        r"db\.[a-z]+[0-9]+[a-z]*(?:\.[a-z0-9]+)*\.(?:micro|small|medium|large|xlarge|[1-9][0-9]?xlarge|metal)",
        40,
        "a DB instance class, such as db.m7g.large",
    ),
]
"""Class of a DB instance."""

_KEY = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"

# The provider compares it with what AWS answers, which is the ARN.
KmsKeyArn = Annotated[
    str,
    Form(
        rf"arn:aws[-a-z]*:kms:[-a-z0-9]+:[0-9]{{12}}:key/(?:{_KEY})",
        150,
        "the ARN of a KMS key, such as arn:aws:kms:eu-central-1:123456789012:key/… (no alias)",
    ),
]
"""ARN of a KMS key."""

# Shortest prefix of a block by IP version: 10.0.0.0/8 is the largest private one, and /32 what a provider gets.
_WIDEST = {4: 8, 6: 32}


def _cidr(value: str) -> str:
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        try:
            inside = ipaddress.ip_interface(value).network
        except ValueError:
            refuse("a block of IPv4 or IPv6 addresses, such as 10.0.0.0/16 or fd00:ec2::/64")
        refuse(f"a block's first address: {inside}")
    if "/" not in value:
        refuse(f"a block of addresses with its length; this one alone is {network}")
    if network.prefixlen < _WIDEST[network.version]:
        refuse(
            f"the cluster's own block, /{_WIDEST[network.version]} or smaller: only the cluster may reach the server"
        )
    # As AWS writes it: small letters, zeros left out.
    return str(network)


Cidr = Annotated[str, AfterValidator(_cidr)]
"""A block of IPv4 or IPv6 addresses of the cluster."""


def is_ipv6(cidr: str) -> bool:
    """Whether a block that was checked is one of IPv6 addresses."""
    return ":" in cidr
