"""Where an RDS instance is and who reaches it: subnets, and a security group that is open to the cluster alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws.ec2 import SecurityGroup, SecurityGroupArgs
from pulumi_aws.rds import SubnetGroup, SubnetGroupArgs
from pulumi_aws.vpc import SecurityGroupIngressRule, SecurityGroupIngressRuleArgs

from components.postgres.credentials import PORT


@dataclass(frozen=True)
class RdsNetwork:
    """The network of an instance.

    Attributes:
        vpc_id: its VPC.
        subnets: subnets of which a group is made, or the name of a group that is there.
        allowed_security_groups: security groups of the cluster.
        allowed_cidrs: blocks of the cluster's addresses, IPv4 or IPv6.
        type: `IPV4`, or `DUAL` where the instance has IPv6 addresses, too; None for what it has.
    """

    vpc_id: str
    subnets: Sequence[str] | str
    allowed_security_groups: Sequence[str] = ()
    allowed_cidrs: Sequence[str] = ()
    type: str | None = None


def subnet_group(
    name: str, identifier: str, network: RdsNetwork, opts: pulumi.ResourceOptions, *, tags: Mapping[str, str]
) -> pulumi.Input[str]:
    """Name of the instance's subnet group, which is made if it is not there."""
    if isinstance(network.subnets, str):
        return network.subnets
    group = SubnetGroup(
        f"{name}-subnets",
        SubnetGroupArgs(
            name=identifier,
            description="PostgreSQL of Airbyte and Dagster",
            subnet_ids=list(network.subnets),
            tags=tags or None,
        ),
        opts,
    )
    return group.name


def security_group(
    name: str, identifier: str, network: RdsNetwork, opts: pulumi.ResourceOptions, *, tags: Mapping[str, str]
) -> SecurityGroup:
    """The instance's security group: in on PostgreSQL's port from the cluster, out nowhere."""
    group = SecurityGroup(
        f"{name}-access",
        SecurityGroupArgs(
            name=f"{identifier}-postgresql",
            # Fixed: another description is another group.
            description="PostgreSQL of Airbyte and Dagster, open to their cluster",
            vpc_id=network.vpc_id,
            tags=tags or None,
        ),
        opts,
    )
    # Rules of their own, each named by whom it lets in: one more or less changes no other.
    sources = {
        **{source: {"referenced_security_group_id": source} for source in network.allowed_security_groups},
        # A resource's name has no `::` in it: it divides the parts of a URN.
        **{block.replace(":", "-"): {_cidr_key(block): block} for block in network.allowed_cidrs},
    }
    for source, let_in in sources.items():
        SecurityGroupIngressRule(
            f"{name}-from-{source}",
            SecurityGroupIngressRuleArgs(
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=PORT,
                to_port=PORT,
                description="the cluster of Airbyte and Dagster",
                tags=tags or None,
                **let_in,
            ),
            opts,
        )
    return group


def _cidr_key(block: str) -> str:
    return "cidr_ipv6" if ":" in block else "cidr_ipv4"
