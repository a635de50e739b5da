"""A new server of each kind from its own backups: what it is told, what is refused, and that it is read only once."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import pulumi
import pytest

from components.servers.restoring import refuse_late
from stack.check import Mistakes, check
from tests.support.crunchydata import status_fields
from tests.support.crunchydata_stacks import VOLUME
from tests.support.kinds import JOB, POSTGRES_CLUSTER, RDS_INSTANCE, SQL_INSTANCE
from tests.support.recording import Plan, record
from tests.support.servers import CLOUD_SQL, RDS, but, on

CNPG_CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"
AT, UTC = "2026-11-25T09:00:00+01:00", "2026-11-25T08:00:00Z"
KEY = {"credentials": {"secretName": "key"}}
S3 = {"bucket": "backups", "path": "prod", **KEY}
ROLE = {"roleArn": "arn:aws:iam::123456789012:role/backups"}
CNPG: dict[str, Any] = {"kind": "cloudnativepg"}
CRUNCHY: dict[str, Any] = {"kind": "crunchydata", "backups": VOLUME}
PGBACKREST_S3 = {"endpoint": "https://s3.example.com", "region": "eu-central-1", **S3}


def only(made: Plan, kind: str) -> Any:
    (found,) = made.of_type(kind)
    return found


def mistakes(server: Mapping[str, Any]) -> dict[str, str]:
    """What is allowed, by the path of each mistake below the server."""
    try:
        check({"postgresql": {"mode": "standalone", "server": dict(server)}})
    except Mistakes as error:
        return {".".join(map(str, each.path[2:])): each.allowed for each in error.mistakes}
    return {}


RESTORED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "cloudnativepg": (
        CNPG_CLUSTER,
        {**CNPG, "name": "restored", "backups": {"s3": S3}},
        {"restoreFrom": {"s3": S3, "serverName": "postgresql", "at": AT}},
    ),
    "crunchydata": (
        POSTGRES_CLUSTER,
        {**CRUNCHY, "name": "restored"},
        {"restoreFrom": {"s3": PGBACKREST_S3, "at": AT}},
    ),
    "rds": (RDS_INSTANCE, RDS, {"restoreFrom": {"instance": "old", "at": AT}}),
    "cloudsql": (SQL_INSTANCE, CLOUD_SQL, {"restoreFrom": {"instance": "old", "at": AT}}),
}
CLOUDS = ("rds", "cloudsql")
OPERATORS = ("cloudnativepg", "crunchydata")
each_kind = pytest.mark.parametrize("kind", RESTORED)


def plans(kind: str) -> tuple[str, Plan, Plan]:
    """The type of the kind's server, the plan of a new one that is restored, and the plan once the setting is gone."""
    word, server, restore = RESTORED[kind]
    restored = but(server, **restore) if kind in CLOUDS else {**server, **restore}
    return word, on(restored), on(server)


@each_kind
def test_removing_the_setting_changes_only_what_is_ignored_then(kind: str) -> None:
    word, before, after = plans(kind)
    states = [{(r.type, r.name): r.inputs for r in made.resources} for made in (before, after)]
    assert states[0].keys() == states[1].keys()
    server = only(after, word)
    assert [key for key in states[0] if states[0][key] != states[1][key]] == [(word, server.name)]
    differing = set(differences(only(before, word).inputs, server.inputs))
    assert differing
    ignored = server.options["ignoreChanges"]
    assert [path for path in differing if not any(path == it or path.startswith(f"{it}.") for it in ignored)] == []


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Paths at which two inputs differ."""
    if old == new:
        return []
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [path]
    before, after = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
    keys = sorted(before.keys() | after.keys())
    return [it for key in keys for it in differences(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))]


@pytest.mark.parametrize("kind", CLOUDS)
def test_nothing_is_restored_over_an_instance_that_exists(kind: str) -> None:
    """Its protection refuses the replacement."""
    word, before, after = plans(kind)
    with_it, without = only(before, word).options, only(after, word).options
    assert set(with_it["replaceOnChanges"]) <= set(without["ignoreChanges"])
    assert "restoreBackupContext" not in with_it.get("ignoreChanges", [])
    assert with_it["protect"] is True


@pytest.mark.parametrize("kind", OPERATORS)
def test_another_server_is_another_resource(kind: str) -> None:
    """Of a replacement Pulumi would ignore what it begins with, too."""
    word, made, _ = plans(kind)
    server = only(made, word)
    assert server.name == "postgresql-cluster-restored"
    # As an earlier version of the program called every server.
    assert server.options["aliases"] == ["postgresql-cluster"]


@each_kind
def test_apps_take_over_what_another_stack_created_only_if_they_say_so(kind: str) -> None:
    _, made, _ = plans(kind)
    assert adoptions(made) == {"airbyte": "no", "dagster": "no"}
    word, server, restore = RESTORED[kind]
    restored = but(server, **restore) if kind in CLOUDS else {**server, **restore}
    adopting = {"airbyte": {"database": {"adopt": True}}}
    assert adoptions(on(restored, **adopting)) == {"airbyte": "copy", "dagster": "no"}
    assert adoptions(on(server, **adopting)) == {"airbyte": "yes", "dagster": "no"}, word


def adoptions(made: Plan) -> dict[str, str]:
    found: dict[str, str] = {}
    for app in ("airbyte", "dagster"):
        (container,) = made.one(JOB, f"{app}-database-bootstrap").pod["spec"]["containers"]
        (found[app],) = (it["value"] for it in container["env"] if it["name"] == "ADOPT")
    return found


def test_cloudnativepg_recovers_from_the_old_servers_folder() -> None:
    _, made, after = plans("cloudnativepg")
    spec, began = only(made, CNPG_CLUSTER).inputs["spec"], only(after, CNPG_CLUSTER).inputs["spec"]["bootstrap"]
    assert spec["bootstrap"] == {
        "recovery": {
            "source": "old",
            "recoveryTarget": {"targetTime": "2026-11-25 08:00:00+00"},
            # Without these the operator would create a database and a role `app`.
            **{key: began["initdb"][key] for key in ("database", "owner", "secret")},
        }
    }
    (old,) = spec["externalClusters"]
    store = old["barmanObjectStore"]
    assert (old["name"], store["serverName"], store["destinationPath"]) == ("old", "postgresql", "s3://backups/prod")
    assert store["s3Credentials"]["accessKeyId"] == {"name": "key", "key": "AWS_ACCESS_KEY_ID"}
    assert (spec["enableSuperuserAccess"], spec["superuserSecret"]) == (True, {"name": "restored-admin"})
    newest = {**CNPG, "name": "restored", "restoreFrom": {"gcs": S3, "serverName": "old"}}
    assert "recoveryTarget" not in only(on(newest), CNPG_CLUSTER).inputs["spec"]["bootstrap"]["recovery"]


def test_cloudnativepg_writes_into_a_folder_of_its_own() -> None:
    same = {**CNPG, "backups": {"s3": S3}, "restoreFrom": {"s3": S3, "serverName": "postgresql"}}
    ((path, allowed),) = mistakes(same).items()
    assert path == "backups.s3.serverName"
    assert "such as postgresql-2" in allowed
    # Each remedy.
    own = {**same, "backups": {"s3": {**S3, "serverName": "postgresql-2"}}}
    for server in (own, {**same, "name": "postgresql-2"}, {**same, "backups": {"s3": {**S3, "path": "other"}}}):
        assert mistakes(server) == {}
    written = only(on(own), CNPG_CLUSTER).inputs["spec"]["backup"]["barmanObjectStore"]
    assert written["serverName"] == "postgresql-2"


def test_cloudnativepgs_pods_have_one_identity_for_both_buckets() -> None:
    bucket = {"bucket": "backups", "workloadIdentity": ROLE}
    alone = {**CNPG, "restoreFrom": {"s3": bucket, "serverName": "old"}}
    account = only(on(alone), CNPG_CLUSTER).inputs["spec"]["serviceAccountTemplate"]
    assert account == {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": ROLE["roleArn"]}}}
    other = {**bucket, "workloadIdentity": {"roleArn": f"{ROLE['roleArn']}-2"}}
    assert "restoreFrom.s3.workloadIdentity" in mistakes({**alone, "backups": {"s3": other}})


def test_crunchydata_restores_from_a_bucket_or_from_another_cluster() -> None:
    _, made, _ = plans("crunchydata")
    assert only(made, POSTGRES_CLUSTER).inputs["spec"]["dataSource"] == {
        "pgbackrest": {
            "stanza": "db",
            "repo": {
                "name": "repo2",
                "s3": {"bucket": "backups", "endpoint": "s3.example.com", "region": "eu-central-1"},
            },
            "global": {"repo2-path": "/prod", "repo2-s3-uri-style": "host"},
            "configuration": [{"secret": {"name": "key"}}],
            "options": ["--type=time", '--target="2026-11-25 08:00:00+00"'],
        }
    }
    old = {"cluster": {"name": "old", "repository": "s3"}}
    found = only(on({**CRUNCHY, "restoreFrom": old}), POSTGRES_CLUSTER)
    assert found.inputs["spec"]["dataSource"] == {"postgresCluster": {"clusterName": "old", "repoName": "repo2"}}


def test_crunchydatas_restore_runs_where_all_pods_run() -> None:
    old = {**CRUNCHY, "restoreFrom": {"cluster": {"name": "old", "repository": "volume"}}}
    pods = {"tolerations": [{"key": "spot", "operator": "Exists"}], "priorityClassName": "high"}
    source = only(on(old, pods=pods), POSTGRES_CLUSTER).inputs["spec"]["dataSource"]["postgresCluster"]
    assert source["tolerations"] == [{"key": "spot", "operator": "Exists"}]
    assert source["priorityClassName"] == "high"


@pytest.mark.parametrize(
    ("restore", "inputs"),
    [
        ({"snapshot": "rds:old-2026-11-25-02-05"}, {"snapshotIdentifier": "rds:old-2026-11-25-02-05"}),
        (
            {"instance": "old", "at": AT},
            {"restoreToPointInTime": {"sourceDbInstanceIdentifier": "old", "restoreTime": UTC}},
        ),
        (
            {"automatedBackups": "arn:aws:rds:eu-central-1:123456789012:auto-backup:ab-abc123"},
            {
                "restoreToPointInTime": {
                    "sourceDbInstanceAutomatedBackupsArn": (
                        "arn:aws:rds:eu-central-1:123456789012:auto-backup:ab-abc123"
                    ),
                    "useLatestRestorableTime": True,
                }
            },
        ),
    ],
    ids=str,
)
def test_rds_is_told_one_origin(restore: dict[str, Any], inputs: dict[str, Any]) -> None:
    found = only(on(but(RDS, restoreFrom=restore)), RDS_INSTANCE).inputs
    assert {key: found[key] for key in ("snapshotIdentifier", "restoreToPointInTime") if key in found} == inputs
    # The provider sets a new password once the instance is there.
    assert found["username"] == "postgres"
    assert "password" in found


@pytest.mark.parametrize(
    ("restore", "inputs"),
    [
        ({"instance": "old"}, {"clone": {"sourceInstanceName": "old"}}),
        ({"instance": "old", "at": AT}, {"clone": {"sourceInstanceName": "old", "pointInTime": UTC}}),
        (
            {"instance": "old", "deletedAt": AT},
            {"clone": {"sourceInstanceName": "old", "sourceInstanceDeletionTime": UTC}},
        ),
        (
            {"backup": {"id": 1_764_000_000_000, "instance": "old"}},
            {"restoreBackupContext": {"backupRunId": 1_764_000_000_000, "instanceId": "old"}},
        ),
    ],
    ids=str,
)
def test_cloudsql_is_told_one_origin(restore: dict[str, Any], inputs: dict[str, Any]) -> None:
    found = only(on(but(CLOUD_SQL, restoreFrom=restore)), SQL_INSTANCE).inputs
    assert {key: found[key] for key in ("clone", "restoreBackupContext") if key in found} == inputs


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no storage": ({**CNPG, "restoreFrom": {"serverName": "old"}}, "restoreFrom.s3", "either `s3` or `gcs`"),
    "two storages": (
        {**CNPG, "restoreFrom": {"s3": S3, "gcs": S3, "serverName": "old"}},
        "restoreFrom.gcs",
        "not both `s3` and `gcs`",
    ),
    "no old server": ({**CNPG, "restoreFrom": {"s3": S3}}, "restoreFrom.serverName", "a value"),
    "no zone": (
        {**CNPG, "restoreFrom": {"s3": S3, "serverName": "old", "at": "2026-11-25 08:00:00"}},
        "restoreFrom.at",
        "with its zone",
    ),
    "no such day": (
        {**CNPG, "restoreFrom": {"s3": S3, "serverName": "old", "at": "2026-02-30T08:00:00Z"}},
        "restoreFrom.at",
        "a day and an hour that exist",
    ),
    "no source": ({**CRUNCHY, "restoreFrom": {}}, "restoreFrom.s3", "either `s3` or `gcs` or `cluster`"),
    "itself": (
        {**CRUNCHY, "restoreFrom": {"cluster": {"name": "postgresql", "repository": "volume"}}},
        "restoreFrom.cluster.name",
        "another server",
    ),
    "the same repository": (
        {**CRUNCHY, "backups": {"s3": PGBACKREST_S3}, "restoreFrom": {"s3": PGBACKREST_S3}},
        "backups.s3.path",
        "another folder",
    ),
    "two origins": (
        but(RDS, restoreFrom={"snapshot": "old", "instance": "old"}),
        "instance.restoreFrom.instance",
        "only one of",
    ),
    "a snapshot of a time": (
        but(RDS, restoreFrom={"snapshot": "old", "at": AT}),
        "instance.restoreFrom.at",
        "nothing beside `snapshot`",
    ),
    "over the old instance": (
        but(RDS, restoreFrom={"instance": "lakehouse"}),
        "instance.identifier",
        "into a new instance only",
    ),
    "no snapshot": (but(RDS, restoreFrom={"snapshot": "-"}), "instance.restoreFrom.snapshot", "its ARN"),
    "a backup of a time": (
        but(CLOUD_SQL, restoreFrom={"backup": {"id": 1, "instance": "old"}, "at": AT}),
        "instance.restoreFrom.at",
        "nothing beside `backup`",
    ),
    "a clone over its origin": (
        but(CLOUD_SQL, restoreFrom={"instance": "lakehouse"}),
        "instance.name",
        "beside",
    ),
}


@pytest.mark.parametrize(("server", "path", "allowed"), REFUSED.values(), ids=REFUSED)
def test_refused_with_the_setting_and_what_is_allowed(server: dict[str, Any], path: str, allowed: str) -> None:
    found = mistakes(server)
    assert list(found) == [path]
    assert allowed in found[path]


@pytest.mark.parametrize(
    ("actual", "words"), [([], "created empty"), (["s3://old", "at noon"], "restored from s3://old, at noon")]
)
def test_a_restore_that_comes_too_late_is_an_error(actual: list[str], words: str) -> None:
    said = f"`restoreFrom` says s3://new, but the server exists already and was {words}"
    with pytest.raises(pulumi.RunError, match=said):
        record(compared(["s3://new"], actual))


def test_what_was_restored_is_no_mistake() -> None:
    record(compared(["s3://new"], ["s3://new"]))


def compared(wanted: list[str], actual: list[str]) -> Callable[[], None]:
    def program() -> None:
        refuse_late("pg", wanted=wanted, actual=pulumi.Output.from_input(actual), another="server.name")

    return program


@each_kind
def test_one_command_shows_the_last_backup(kind: str) -> None:
    _, made, _ = plans(kind)
    command = made.outputs["postgresql"]["backups"]
    start = {"rds": "aws rds ", "cloudsql": "gcloud sql backups list "}.get(kind, "kubectl get ")
    assert command.startswith(start)
    assert "postgresql" not in without_backups().outputs


def without_backups() -> Plan:
    """A CloudNativePG server without any."""
    return on(CNPG)


@pytest.mark.parametrize("version", ["v1beta1", "v1"])
def test_crunchydatas_command_reads_fields_that_the_status_has(version: str) -> None:
    _, made, _ = plans("crunchydata")
    command = made.outputs["postgresql"]["backups"]
    fields = [f".pgbackrest.scheduledBackups.{name}" for name in ("repo", "type", "completionTime", "failed")]
    assert {*fields} <= {*status_fields(version)}
    assert all(f"{{.{field.rpartition('.')[2]}}}" in command for field in fields)
