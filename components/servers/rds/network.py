"""The network of an RDS instance: subnets, and a security group that is open to the cluster alone."""

from collections.abc import Iterator, Mapping

import pulumi
from pulumi_aws.ec2 import SecurityGroup, SecurityGroupArgs
from pulumi_aws.rds import SubnetGroup, SubnetGroupArgs
from pulumi_aws.vpc import SecurityGroupIngressRule, SecurityGroupIngressRuleArgs

from components.forms.computed import known
from components.postgres.credentials import PORT
from components.servers.rds import aws
from components.servers.rds.instance import RdsInstance, RdsNetwork


def subnet_group(
    name: str, instance: RdsInstance, opts: pulumi.ResourceOptions, *, tags: Mapping[str, str]
) -> pulumi.Input[str]:
    """Name of the instance's subnet group: the existing one, or `<name>-subnets`, which is created."""
    network = instance.network
    if network.subnet_group is not None:
        return network.subnet_group
    group = SubnetGroup(
        f"{name}-subnets",
        SubnetGroupArgs(
            name=instance.identifier,
            description="PostgreSQL of Airbyte and Dagster",
            subnet_ids=network.subnet_ids or [],
            tags=tags or None,
        ),
        opts,
    )
    return group.name


def security_group(
    name: str, instance: RdsInstance, opts: pulumi.ResourceOptions, *, tags: Mapping[str, str]
) -> SecurityGroup:
    """The instance's security group: in on PostgreSQL's port from the cluster, out nowhere."""
    group = SecurityGroup(
        f"{name}-access",
        SecurityGroupArgs(
            name=f"{instance.identifier}-postgresql",
            # Fixed: another description is another group.
            description="PostgreSQL of Airbyte and Dagster, open to their cluster",
            vpc_id=instance.network.vpc_id,
            tags=tags or None,
        ),
        opts,
    )
    # Rules of their own, each named by its source: one more or less changes no other.
    for source, argument in _sources(instance.network):
        SecurityGroupIngressRule(
            f"{name}-from-{source}",
            SecurityGroupIngressRuleArgs(
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=PORT,
                to_port=PORT,
                description="the cluster of Airbyte and Dagster",
                tags=tags or None,
                **argument,
            ),
            opts,
        )
    return group


def _sources(network: RdsNetwork) -> Iterator[tuple[str, dict[str, pulumi.Input[str]]]]:
    """What may connect: its part of a resource's name, and the argument of its rule."""
    for number, group in enumerate(network.allowed_security_groups, start=1):
        # A resource's name must be known before the resource exists: a group that is computed has its number there.
        yield known(group) or f"security-group-{number}", {"referenced_security_group_id": group}
    for block in network.allowed_cidrs:
        # A resource's name has no `::` in it: it divides the parts of a URN.
        yield block.replace(":", "-"), {"cidr_ipv6" if aws.is_ipv6(block) else "cidr_ipv4": block}
