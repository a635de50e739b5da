"""An RDS server: where each setting arrives, what a change touches, and that it is open to its cluster alone."""

from typing import Any

import pytest

from components.servers.rds.certificates import rds_ca_certificates
from tests.support.certificates import OTHER
from tests.support.kinds import (
    AWS_PROVIDER,
    CONFIG_MAP,
    INGRESS_RULE,
    JOB,
    NAMESPACE,
    PASSWORD,
    PROVIDER,
    RDS_INSTANCE,
    RDS_PARAMETERS,
    RDS_SUBNETS,
    RELEASE,
    SECRET,
    SECURITY_GROUP,
)
from tests.support.recording import GENERATED, Plan, reveal, values
from tests.support.servers import NETWORK, RDS, but, changed, names, on, with_password

ADDRESS = "lakehouse.c0123456789.eu-central-1.rds.amazonaws.com"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
EXISTING = {
    "kind": "rds",
    "region": "eu-central-1",
    "existing": {"identifier": "theirs", "port": 6432, "admin": {"secretName": "theirs", "usernameKey": "user"}},
}


def instance(made: Plan) -> dict[str, Any]:
    return made.one(RDS_INSTANCE, "postgresql-instance").inputs


@pytest.mark.parametrize(
    ("settings", "inputs"),
    [
        ({}, {"engine": "postgres", "engineVersion": "17", "autoMinorVersionUpgrade": True}),
        ({}, {"allowMajorVersionUpgrade": False, "applyImmediately": True, "publiclyAccessible": False, "port": 5432}),
        ({"identifier": "meta"}, {"identifier": "meta", "finalSnapshotIdentifier": "meta-final"}),
        (
            {"version": "16.9", "autoMinorVersionUpgrade": False},
            {"engineVersion": "16.9", "autoMinorVersionUpgrade": False},
        ),
        ({"allowMajorVersionUpgrade": True}, {"allowMajorVersionUpgrade": True}),
        ({"instanceClass": "db.r8gd.16xlarge"}, {"instanceClass": "db.r8gd.16xlarge"}),
        ({}, {"instanceClass": "db.m7g.large", "multiAz": True}),
        ({"multiAz": False}, {"multiAz": False}),
        ({}, {"storageType": "gp3", "storageEncrypted": True, "allocatedStorage": 100, "maxAllocatedStorage": 500}),
        ({"storage": {"allocated": 200, "maximum": None}}, {"allocatedStorage": 200, "maxAllocatedStorage": 0}),
        (
            {"storage": {"allocated": 1000, "maximum": 2000, "iops": 16000, "throughput": 4000}},
            {"allocatedStorage": 1000, "maxAllocatedStorage": 2000, "iops": 16000, "storageThroughput": 4000},
        ),
        ({"storage": {"allocated": 399, "maximum": None}}, {"iops": None, "storageThroughput": None}),
        # What AWS gives from this size on: without it, growing to it would ask for a small volume's.
        ({"storage": {"allocated": 400, "maximum": None}}, {"iops": 12000, "storageThroughput": 500}),
        (
            {"storage": {"allocated": 400, "throughput": 3000, "maximum": None}},
            {"iops": 12000, "storageThroughput": 3000},
        ),
        ({"storage": {"kmsKeyArn": KEY}}, {"kmsKeyId": KEY, "storageEncrypted": True}),
        ({}, {"backupRetentionPeriod": 14, "backupWindow": "02:00-03:00", "deleteAutomatedBackups": False}),
        ({"backups": {"retentionDays": 35, "window": "23:45-00:15"}}, {"backupWindow": "23:45-00:15"}),
        ({"backups": {"finalSnapshot": False}}, {"skipFinalSnapshot": True}),
        ({"backups": {"finalSnapshotIdentifier": "Last-1"}}, {"finalSnapshotIdentifier": "Last-1"}),
        ({}, {"skipFinalSnapshot": False, "copyTagsToSnapshot": True, "deletionProtection": True}),
        ({"deletionProtection": False}, {"deletionProtection": False}),
        ({"maintenanceWindow": "sun:23:30-mon:00:30"}, {"maintenanceWindow": "sun:23:30-mon:00:30"}),
        ({"applyImmediately": False}, {"applyImmediately": False}),
        ({}, {"performanceInsightsEnabled": True, "performanceInsightsRetentionPeriod": 7}),
        ({"performanceInsights": {"retentionDays": 713}}, {"performanceInsightsRetentionPeriod": 713}),
        ({"performanceInsights": {"retentionDays": 731}}, {"performanceInsightsRetentionPeriod": 731}),
        ({"performanceInsights": {"enabled": False}}, {"performanceInsightsEnabled": False}),
        ({}, {"enabledCloudwatchLogsExports": ["postgresql", "upgrade"], "caCertIdentifier": "rds-ca-rsa2048-g1"}),
        ({"logExports": [], "caIdentifier": "rds-ca-ecc384-g1"}, {"caCertIdentifier": "rds-ca-ecc384-g1"}),
        ({}, {"iamDatabaseAuthenticationEnabled": None, "networkType": None, "tags": None}),
        ({"iamAuthentication": True}, {"iamDatabaseAuthenticationEnabled": True}),
        ({"iamAuthentication": False}, {"iamDatabaseAuthenticationEnabled": False}),
        ({}, {"username": "postgres", "password": "[secret]", "dbSubnetGroupName": "lakehouse"}),
        ({}, {"parameterGroupName": "lakehouse-postgres17", "vpcSecurityGroupIds": ["postgresql-access-id"]}),
    ],
    ids=str,
)
def test_setting_arrives_at_the_instance(settings: dict[str, Any], inputs: dict[str, Any]) -> None:
    found = instance(on(but(RDS, **settings)))
    assert {key: found.get(key) for key in inputs} == inputs


@pytest.mark.parametrize(
    ("settings", "absent"),
    [
        ({}, ("iops", "storageThroughput", "kmsKeyId", "identifierPrefix")),
        ({"backups": {"finalSnapshot": False}}, ("finalSnapshotIdentifier",)),
        ({"performanceInsights": {"enabled": False}}, ("performanceInsightsRetentionPeriod",)),
    ],
    ids=str,
)
def test_what_is_not_chosen_is_left_to_aws(settings: dict[str, Any], absent: tuple[str, ...]) -> None:
    found = instance(on(but(RDS, **settings)))
    assert [key for key in absent if found.get(key) is not None] == []


def test_tls_is_forced_whatever_else_the_parameters_are() -> None:
    given = {"work_mem": 8192, "max_connections": 500, "log_lock_waits": True, "track_io_timing": "on"}
    group = on(but(RDS, parameters=given)).one(RDS_PARAMETERS, "postgresql-parameters").inputs
    assert (group["name"], group["family"]) == ("lakehouse-postgres17", "postgres17")
    assert group["parameters"] == [
        {"name": "log_lock_waits", "value": "1", "applyMethod": "immediate"},
        # AWS refuses to apply at once what the server reads at its start.
        {"name": "max_connections", "value": "500", "applyMethod": "pending-reboot"},
        {"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"},
        {"name": "track_io_timing", "value": "1", "applyMethod": "immediate"},
        {"name": "work_mem", "value": "8192", "applyMethod": "immediate"},
    ]


def test_server_is_open_to_the_cluster_alone() -> None:
    network = {**NETWORK, "allowedSecurityGroups": ["sg-01234567", "sg-89abcdef"], "allowedCidrs": ["10.0.0.0/16"]}
    made = on(but(RDS, network=network))
    group = made.one(SECURITY_GROUP, "postgresql-access").inputs
    assert group["vpcId"] == NETWORK["vpcId"]
    # No rules of its own, and none outwards: a server opens no connection.
    assert not group.get("ingress")
    assert not group.get("egress")
    rules = [rule.inputs for rule in made.of_type(INGRESS_RULE)]
    assert {(r["fromPort"], r["toPort"], r["ipProtocol"], r["securityGroupId"]) for r in rules} == {
        (5432, 5432, "tcp", "postgresql-access-id")
    }
    sources = sorted(
        (r.get("referencedSecurityGroupId"), r.get("cidrIpv4")) for r in rules if r.get("cidrIpv4") is None
    )
    assert sources == [("sg-01234567", None), ("sg-89abcdef", None)]
    assert [r["cidrIpv4"] for r in rules if r.get("cidrIpv4")] == ["10.0.0.0/16"]


def test_dual_stack_cluster_is_let_in_by_both_its_addresses() -> None:
    network = {**NETWORK, "networkType": "DUAL", "allowedCidrs": ["10.0.0.0/16", "FD00:EC2:0::/64"]}
    made = on(but(RDS, network=network, readReplica={}))
    rules = {r.name: (r.inputs.get("cidrIpv4"), r.inputs.get("cidrIpv6")) for r in made.of_type(INGRESS_RULE)}
    assert rules == {
        "postgresql-from-sg-0123456789abcdef0": (None, None),
        "postgresql-from-10.0.0.0/16": ("10.0.0.0/16", None),
        "postgresql-from-fd00-ec2--/64": (None, "fd00:ec2::/64"),
    }
    assert [r.inputs.get("networkType") for r in made.of_type(RDS_INSTANCE)] == ["DUAL", "DUAL"]
    assert instance(on(RDS)).get("networkType") is None


def test_one_source_more_changes_no_other() -> None:
    more = {**NETWORK, "allowedCidrs": ["10.0.0.0/16"]}
    before, after = on(RDS), on(but(RDS, network=more))
    assert changed(before, after) == {}
    assert names(after) - names(before) == {(INGRESS_RULE, "postgresql-from-10.0.0.0/16")}


def test_subnets_are_a_new_group_or_an_existing_one() -> None:
    assert on(RDS).one(RDS_SUBNETS, "postgresql-subnets").inputs["subnetIds"] == NETWORK["subnetIds"]
    theirs = {"vpcId": NETWORK["vpcId"], "subnetGroup": "private", "allowedCidrs": ["10.0.0.0/16"]}
    made = on({**RDS, "instance": {"network": theirs}})
    assert made.of_type(RDS_SUBNETS) == []
    assert instance(made)["dbSubnetGroupName"] == "private"


@pytest.mark.parametrize(
    "settings",
    [
        {"instanceClass": "db.m7g.2xlarge"},
        {"storage": {"allocated": 400, "maximum": 1000, "iops": 20000, "throughput": 1000}},
        {"multiAz": False},
        {"version": "17.6", "autoMinorVersionUpgrade": False},
        {"backups": {"retentionDays": 30}},
        {"deletionProtection": False},
        {"performanceInsights": {"retentionDays": 731}},
    ],
    ids=str,
)
def test_another_size_updates_the_instance_and_touches_nothing_else(settings: dict[str, Any]) -> None:
    before, after = on(RDS), on(but(RDS, **settings))
    assert names(before) == names(after)
    # The limit of Dagster's role follows the number of connections.
    limit = {(JOB, "dagster-database-bootstrap")} if "instanceClass" in settings else set[tuple[str, str]]()
    assert set(changed(before, after)) == {(RDS_INSTANCE, "postgresql-instance"), *limit}
    # What replaces an instance, by the provider's schema, is the same.
    for key in ("identifier", "engine", "storageEncrypted", "kmsKeyId", "username", "dbSubnetGroupName", "dbName"):
        assert instance(before).get(key) == instance(after).get(key)


def test_another_major_version_is_another_parameter_group_and_the_same_instance() -> None:
    upgrade = {"version": "17", "allowMajorVersionUpgrade": True}
    before, after = on(but(RDS, version="16")), on(but(RDS, **upgrade))
    assert set(changed(before, after)) == {
        (RDS_INSTANCE, "postgresql-instance"),
        (RDS_PARAMETERS, "postgresql-parameters"),
    }
    assert instance(before)["identifier"] == instance(after)["identifier"]
    assert instance(after)["parameterGroupName"] == "lakehouse-postgres17"


@pytest.mark.parametrize(("settings", "protected"), [({}, True), ({"deletionProtection": False}, False)], ids=str)
def test_destroy_is_refused_where_deletion_protection_is_on(settings: dict[str, Any], protected: bool) -> None:
    made = on(but(RDS, readReplica={}, **settings))
    found = {r.name: r.options.get("protect", False) for r in made.resources}
    assert {name for name, value in found.items() if value} == (
        {"postgresql-instance", "postgresql-replica"} if protected else set()
    )


def test_replica_follows_the_instance() -> None:
    made = on(but(RDS, readReplica={"instanceClass": "db.t4g.medium"}, instanceClass="db.m7g.xlarge"))
    replica = made.one(RDS_INSTANCE, "postgresql-replica")
    wanted = {
        "identifier": "lakehouse-replica",
        "replicateSourceDb": "lakehouse",
        "instanceClass": "db.t4g.medium",
        "multiAz": False,
        "skipFinalSnapshot": True,
        "storageEncrypted": True,
        "publiclyAccessible": False,
        "parameterGroupName": "lakehouse-postgres17",
        "vpcSecurityGroupIds": ["postgresql-access-id"],
    }
    assert {key: replica.inputs.get(key) for key in wanted} == wanted
    # AWS takes these from the source, and refuses them here.
    for key in ("username", "password", "engine", "engineVersion", "dbSubnetGroupName", "finalSnapshotIdentifier"):
        assert replica.inputs.get(key) is None
    assert made.one(RDS_INSTANCE, "postgresql-instance").urn in made.needs(replica)
    same = on(but(RDS, readReplica={"multiAz": True})).one(RDS_INSTANCE, "postgresql-replica").inputs
    assert (same["instanceClass"], same["multiAz"]) == ("db.m7g.large", True)


def test_region_and_profile_are_the_stack_files() -> None:
    made = on({**RDS, "profile": "prod"})
    provider = made.one(AWS_PROVIDER, "postgresql-aws")
    assert (provider.inputs["region"], provider.inputs["profile"]) == ("eu-central-1", "prod")
    assert "profile" not in on(RDS).one(AWS_PROVIDER, "postgresql-aws").inputs
    in_aws = [r for r in made.resources if r.type.startswith("aws:")]
    assert {r.provider.rpartition("::")[0] for r in in_aws} == {provider.urn}
    in_cluster = [r for r in made.resources if r.type.startswith("kubernetes:")]
    assert {r.provider.rpartition("::")[0] for r in in_cluster} == {made.one(PROVIDER, "cluster").urn}


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_apps_come_after_the_instance_and_who_may_reach_it(app: str) -> None:
    made = on(RDS)
    before = made.needs(made.one(JOB, f"{app}-database-bootstrap"))
    for kind, name in (
        (NAMESPACE, "postgresql"),
        (RDS_INSTANCE, "postgresql-instance"),
        (INGRESS_RULE, "postgresql-from-sg-0123456789abcdef0"),
        (SECRET, "postgresql-admin"),
    ):
        assert made.one(kind, name).urn in before
    assert made.one(JOB, f"{app}-database-bootstrap").urn in made.needs(made.one(RELEASE, app))


def test_admins_password_is_generated_and_in_the_secret_and_the_instance() -> None:
    made = on(RDS)
    secret = made.one(SECRET, "postgresql-admin")
    assert secret.inputs["metadata"] == secret.inputs["metadata"] | {
        "name": "postgresql-admin",
        "namespace": "postgresql",
    }
    password = f"{GENERATED}-postgresql-admin"
    assert values(secret) == {"username": "postgres", "password": password}
    assert reveal(made.one(RDS_INSTANCE, "postgresql-instance").raw["password"]) == password


def test_rotation_makes_a_new_password_and_touches_nothing_else() -> None:
    # The instance and the Secret take it as an input; in the mocks it does not change with its keeper.
    before, after = on(RDS), on(but(RDS, adminPasswordRotation=2))
    ((key, (_, new)),) = changed(before, after).items()
    assert key == (PASSWORD, "postgresql-admin")
    assert new.inputs["keepers"] == {"rotation": "2"}
    for kind, name in ((SECRET, "postgresql-admin"), (RDS_INSTANCE, "postgresql-instance")):
        assert after.one(PASSWORD, "postgresql-admin").urn in after.one(kind, name).depends_on


@pytest.mark.parametrize(
    ("settings", "mode", "ca_certificates"),
    [
        ({}, "verify-full", rds_ca_certificates("eu-central-1")),
        ({"region": "us-east-1"}, "verify-full", rds_ca_certificates("us-east-1")),
        ({"tls": "require"}, "require", None),
        (
            {"caCertificates": OTHER},
            "verify-full",
            OTHER,
        ),
    ],
    ids=["by default", "another region", "not checked", "given"],
)
def test_clients_check_the_server_against_the_cas_of_its_region(
    settings: dict[str, Any], mode: str, ca_certificates: str | None
) -> None:
    made = on({**RDS, **settings})
    data = values(made.one(SECRET, "dagster-database-secret"))
    assert data["host"] == ADDRESS
    assert data["uri"].endswith(f"@{ADDRESS}:5432/dagster?sslmode={mode}")
    assert data.get("ca.crt") == ca_certificates
    assert made.one(CONFIG_MAP, "dagster-database-bootstrap").inputs["data"].get("ca.crt") == ca_certificates


def test_existing_instance_is_looked_up_and_not_changed() -> None:
    made = on(EXISTING)
    assert [r.type for r in made.resources if r.type.startswith("aws:")] == []
    assert [r.name for r in made.of_type(SECRET) if r.name == "postgresql-admin"] == []
    # It has an existing Secret, so it exists already.
    assert "postgresql" not in {r.name for r in made.of_type(NAMESPACE)}
    (container,) = made.one(JOB, "dagster-database-bootstrap").pod["spec"]["containers"]
    variables = {variable["name"]: variable for variable in container["env"]}
    assert variables["PGHOST"]["value"] == "theirs.c0123456789.eu-central-1.rds.amazonaws.com"
    assert variables["PGPORT"]["value"] == "6432"
    assert variables["PGUSER"]["valueFrom"]["secretKeyRef"] == {"name": "theirs", "key": "user"}
    assert variables["PGSSLMODE"]["value"] == "verify-full"


def test_existing_instance_with_a_password_of_the_stack_file() -> None:
    server = {**EXISTING, "existing": {"identifier": "theirs", "admin": {"username": "root", "database": "meta"}}}
    made = with_password(server, "hunter2")
    assert values(made.one(SECRET, "postgresql-admin")) == {"username": "root", "password": "hunter2"}
    (container,) = made.one(JOB, "dagster-database-bootstrap").pod["spec"]["containers"]
    assert {"name": "PGDATABASE", "value": "meta"} in container["env"]
