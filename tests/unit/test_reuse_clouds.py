"""RDS and Cloud SQL in another program: on a network that it creates itself, and with settings that are refused."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
import pytest
from pulumi.runtime.rpc import UNKNOWN
from pydantic import ValidationError

from components.postgres.database import Database, DatabaseArgs
from components.postgres.database_settings import DatabaseSettings
from components.postgres.server import ServerComponent
from components.servers.cloudsql.component import CloudSqlServer, cloudsql_server
from components.servers.cloudsql.existing import ExistingCloudSqlServer
from components.servers.cloudsql.instance import CloudSqlDisk, CloudSqlInstance, CloudSqlNetwork
from components.servers.cloudsql.settings import CloudSqlAuthProxy, CloudSqlSettings
from components.servers.placement import Placement
from components.servers.rds.component import RdsServer, rds_server
from components.servers.rds.existing import ExistingRdsServer
from components.servers.rds.instance import RdsInstance, RdsNetwork, RdsStorage
from components.servers.rds.settings import RdsSettings
from stack.check import Mistakes, check
from tests.support.kinds import (
    DNS_ZONE,
    INGRESS_RULE,
    JOB,
    RDS_INSTANCE,
    RDS_SUBNETS,
    SECURITY_GROUP,
    SERVICE_ACCOUNT,
    SQL_INSTANCE,
)
from tests.support.recording import Plan, record
from tests.support.servers import CLOUD_SQL, RDS, but

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
NETWORK = "gcp:compute/network:Network"


def orders_database(server: ServerComponent) -> None:
    """A database for an application of one's own."""
    orders = DatabaseSettings(name="orders", username="orders", secret_name="orders-db")
    Database(
        "orders",
        DatabaseArgs(orders, server.connection, "shop"),
        pulumi.ResourceOptions(depends_on=[server]),
    )


def rds_in_its_own_vpc() -> None:
    vpc = aws.ec2.Vpc("shop", cidr_block="10.0.0.0/16")
    subnets = [
        aws.ec2.Subnet(f"shop-{zone}", vpc_id=vpc.id, cidr_block=block, availability_zone=f"eu-west-1{zone}")
        for zone, block in (("a", "10.0.1.0/24"), ("b", "10.0.2.0/24"))
    ]
    nodes, pods = (aws.ec2.SecurityGroup(name, vpc_id=vpc.id) for name in ("nodes", "pods"))
    key = aws.kms.Key("shop")
    instance = RdsInstance(
        network=RdsNetwork(
            vpc_id=vpc.id,
            subnet_ids=[subnet.id for subnet in subnets],
            allowed_security_groups=[nodes.id, "sg-0123456789abcdef0", pods.id],
        ),
        storage=RdsStorage(kms_key_arn=key.arn),
    )
    settings = RdsSettings(region="eu-west-1", instance=instance)
    orders_database(RdsServer("orders-db", settings, Placement("admin")))


@pytest.fixture(params=[False, True], ids=["later", "first preview"])
def in_vpc(request: pytest.FixtureRequest) -> Plan:
    return record(rds_in_its_own_vpc, preview=request.param)


def test_rds_in_a_vpc_that_the_same_program_creates(in_vpc: Plan) -> None:
    group = in_vpc.one(SECURITY_GROUP, "orders-db-access")
    assert in_vpc.one(VPC, "shop").urn in group.property_needs["vpcId"]
    subnets = in_vpc.one(RDS_SUBNETS, "orders-db-subnets")
    assert subnets.property_needs["subnetIds"] == {r.urn for r in in_vpc.of_type(SUBNET)}
    instance = in_vpc.one(RDS_INSTANCE, "orders-db-instance")
    assert {r.urn for r in in_vpc.of_type("aws:kms/key:Key")} == instance.property_needs["kmsKeyId"]


def test_rules_for_security_groups_that_are_computed_have_their_number_in_the_name(in_vpc: Plan) -> None:
    rules = {r.name: r for r in in_vpc.of_type(INGRESS_RULE)}
    # A name that is known stays: another group more changes no other rule.
    assert rules.keys() == {
        "orders-db-from-security-group-1",
        "orders-db-from-sg-0123456789abcdef0",
        "orders-db-from-security-group-3",
    }
    for number, name in ((1, "nodes"), (3, "pods")):
        needs = rules[f"orders-db-from-security-group-{number}"].property_needs["referencedSecurityGroupId"]
        assert needs == {in_vpc.one(SECURITY_GROUP, name).urn}


def test_bootstrap_waits_for_the_instance_in_the_programs_own_vpc(in_vpc: Plan) -> None:
    before = in_vpc.needs(in_vpc.one(JOB, "orders-bootstrap"))
    waited = [in_vpc.one(RDS_INSTANCE, "orders-db-instance"), *in_vpc.of_type(INGRESS_RULE), *in_vpc.of_type(SUBNET)]
    assert {r.urn for r in waited} <= before


def test_ids_that_the_same_program_computes_arrive_where_they_belong() -> None:
    made = record(rds_in_its_own_vpc)
    assert made.one(SECURITY_GROUP, "orders-db-access").inputs["vpcId"] == "shop-id"
    assert made.one(RDS_SUBNETS, "orders-db-subnets").inputs["subnetIds"] == ["shop-a-id", "shop-b-id"]
    sources = [rule.inputs["referencedSecurityGroupId"] for rule in made.of_type(INGRESS_RULE)]
    assert sorted(sources) == ["nodes-id", "pods-id", "sg-0123456789abcdef0"]
    assert made.one(RDS_INSTANCE, "orders-db-instance").inputs["dbSubnetGroupName"] == "lakehouse"


def cloud_sql_in_its_own_network(*, proxied: bool) -> Callable[[], None]:
    def program() -> None:
        network = gcp.compute.Network("shop", project="my-project")
        key = gcp.kms.CryptoKey("shop", key_ring="projects/my-project/locations/europe-west3/keyRings/shop")
        account = gcp.serviceaccount.Account("proxy", account_id="sql-client")
        proxy = CloudSqlAuthProxy(service_account=account.email) if proxied else None
        instance = CloudSqlInstance(network=CloudSqlNetwork(network=network.id), disk=CloudSqlDisk(kms_key=key.id))
        server = CloudSqlServer(
            "orders-db",
            CloudSqlSettings(project="my-project", region="europe-west3", instance=instance, auth_proxy=proxy),
            Placement("admin"),
        )
        orders_database(server)

    return program


def test_cloud_sql_in_a_network_that_the_same_program_creates() -> None:
    made = record(cloud_sql_in_its_own_network(proxied=False))
    instance = made.one(SQL_INSTANCE, "orders-db-instance")
    assert instance.inputs["settings"]["ipConfiguration"]["privateNetwork"] == "shop-id"
    assert instance.inputs["encryptionKeyName"] == "shop-id"
    assert made.one(NETWORK, "shop").urn in made.one(DNS_ZONE, "orders-db-dns").depends_on
    assert instance.urn in made.needs(made.one(JOB, "orders-bootstrap"))


def test_auth_proxy_with_a_service_account_that_the_same_program_creates() -> None:
    made = record(cloud_sql_in_its_own_network(proxied=True), preview=True)
    account = made.one(SERVICE_ACCOUNT, "orders-db-proxy-account").inputs["metadata"]
    assert account["annotations"] == {"iam.gke.io/gcp-service-account": UNKNOWN}
    assert made.one("gcp:serviceaccount/account:Account", "proxy").urn in made.needs(made.one(JOB, "orders-bootstrap"))


EXISTING_RDS = {"kind": "rds", "region": "eu-central-1", "existing": {"identifier": "i", "admin": {"secretName": "s"}}}
EXISTING_CLOUD_SQL = {**CLOUD_SQL, "instance": None, "existing": {"name": "i", "admin": {"secretName": "s"}}}


@pytest.mark.parametrize(
    ("model", "server", "found"),
    [
        (RdsSettings, {**RDS, "region": "il-central-1"}, "il-central-1"),
        (RdsSettings, {**RDS, "region": "hunter2"}, "hunter2"),
        (RdsSettings, {**RDS, "profile": "hunter 2"}, "hunter 2"),
        (RdsSettings, {**RDS, "tags": {"owner": "hunter%2"}}, "hunter%2"),
        (RdsSettings, but(RDS, parameters={"work_mem": "hunter2"}), "hunter2"),
        (RdsSettings, but(RDS, version="17.6"), "17.6"),
        (RdsSettings, {**EXISTING_RDS, "instance": RDS["instance"]}, "vpc-0123456789abcdef0"),
        (CloudSqlSettings, {**CLOUD_SQL, "tls": "require", "privateDnsProject": "hunter2"}, "hunter2"),
        (CloudSqlSettings, but(CLOUD_SQL, zone="us-east1-b"), "us-east1-b"),
        (CloudSqlSettings, {**EXISTING_CLOUD_SQL, "tls": "require", "tags": {"owner": "hunter2"}}, "hunter2"),
    ],
    ids=str,
)
def test_model_used_alone_refuses_in_the_words_of_the_stack_files_report(
    model: type[RdsSettings | CloudSqlSettings], server: dict[str, Any], found: str
) -> None:
    with pytest.raises(Mistakes) as in_a_stack_file:
        check({"postgresql": {"mode": "standalone", "server": server}})
    (mistake,) = in_a_stack_file.value.mistakes
    with pytest.raises(ValidationError) as alone:
        model(**server)
    text = str(alone.value)
    assert ".".join(str(part) for part in mistake.path[2:]) in text.splitlines()
    assert f"allowed: {mistake.allowed}" in text
    # Only the path and what is allowed: messages end up in logs.
    assert found not in text.replace(mistake.allowed, "")


@pytest.mark.filterwarnings("error")
def test_both_instances_are_refused_without_a_warning_of_ids_that_are_computed() -> None:
    def program() -> None:
        network = RdsNetwork(vpc_id=pulumi.Output.from_input("v"), subnet_group="g", allowed_cidrs=["10.0.0.0/16"])
        with pytest.raises(ValidationError, match="allowed: nothing where `existing` names an existing instance"):
            RdsSettings(**{**EXISTING_RDS, "instance": RdsInstance(network=network)})

    record(program)


@pytest.mark.parametrize(
    ("component", "settings", "other"),
    [
        (RdsServer, RdsSettings(**EXISTING_RDS), "ExistingRdsServer"),
        (ExistingRdsServer, RdsSettings(**RDS), "RdsServer"),
        (CloudSqlServer, CloudSqlSettings(**EXISTING_CLOUD_SQL), "ExistingCloudSqlServer"),
        (ExistingCloudSqlServer, CloudSqlSettings(**CLOUD_SQL), "CloudSqlServer"),
    ],
    ids=["created RDS", "existing RDS", "created Cloud SQL", "existing Cloud SQL"],
)
def test_component_names_the_one_that_the_settings_are_for(component: Any, settings: Any, other: str) -> None:
    with pytest.raises(ValueError, match=f"orders has no `[a-z]+`.*: use {other}"):
        component("orders", settings, Placement("admin"))


@pytest.mark.parametrize(
    ("create", "settings", "component"),
    [
        (rds_server, RdsSettings(**EXISTING_RDS), ExistingRdsServer),
        (rds_server, RdsSettings(**RDS), RdsServer),
        (cloudsql_server, CloudSqlSettings(**EXISTING_CLOUD_SQL), ExistingCloudSqlServer),
        (cloudsql_server, CloudSqlSettings(**CLOUD_SQL), CloudSqlServer),
    ],
    ids=["existing RDS", "created RDS", "existing Cloud SQL", "created Cloud SQL"],
)
def test_settings_choose_the_component(create: Any, settings: Any, component: type[ServerComponent]) -> None:
    chosen: list[ServerComponent] = []
    record(lambda: chosen.append(create("orders", settings, Placement("admin"))))
    assert [type(server) for server in chosen] == [component]
