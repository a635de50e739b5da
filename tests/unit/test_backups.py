"""Backup sets in the program: the CronJob, what its stages read, rclone's variables, and what is refused."""

from typing import Any

import pytest

from components.postgres.backups.component import backup_scripts
from stack.check import Mistakes, check
from tests.support.kinds import CLAIM, CRON_JOB, JOB, RELEASE, SERVICE_ACCOUNT
from tests.support.recording import Plan
from tests.support.secrecy import has_password
from tests.support.stacks import plan

BUCKET = {"bucket": "sets", "path": "prod"}
KEYS = {"secretName": "store-keys"}
CLAIMED = {"kind": "claim", "storageSize": "5Gi"}
STORAGES: dict[str, dict[str, Any]] = {
    "claim": CLAIMED,
    "s3": {"kind": "s3", "region": "eu-central-1", **BUCKET, "credentials": KEYS},
    "s3-identity": {
        "kind": "s3",
        "region": "eu-central-1",
        **BUCKET,
        "workloadIdentity": {"roleArn": "arn:aws:iam::123456789012:role/sets"},
    },
    "s3-compatible": {"kind": "s3-compatible", "endpoint": "http://minio.store:9000", **BUCKET, "credentials": KEYS},
    "gcs": {"kind": "gcs", **BUCKET, "credentials": KEYS},
    "azure": {"kind": "azure", "account": "myaccount", "container": "sets", "path": "prod", "credentials": KEYS},
}


def made(storage: dict[str, Any], **settings: Any) -> Plan:
    return plan(backups={"storage": storage, **settings})


def pod(made: Plan, app: str = "airbyte") -> dict[str, Any]:
    spec: dict[str, Any] = made.one(CRON_JOB, f"{app}-backup-job").inputs["spec"]
    return spec["jobTemplate"]["spec"]["template"]


def variables(container: dict[str, Any]) -> dict[str, Any]:
    """Values, or name and key of a Secret."""
    found: dict[str, Any] = {}
    for variable in container["env"]:
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = (reference["name"], reference["key"]) if reference else variable.get("value")
    return found


def test_each_app_has_a_cron_job_of_three_stages() -> None:
    planned = made(CLAIMED)
    for app in ("airbyte", "dagster"):
        job = planned.one(CRON_JOB, f"{app}-backup-job")
        spec = job.inputs["spec"]
        assert spec["concurrencyPolicy"] == "Forbid"
        assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 21_600
        stages = pod(planned, app)["spec"]
        assert [stage["name"] for stage in stages["initContainers"]] == ["dump", "prove"]
        assert [stage["name"] for stage in stages["containers"]] == ["store"]
    claim = planned.one(CLAIM, "airbyte-backup-sets")
    assert claim.inputs["metadata"]["name"] == "airbyte-database-backup-sets"


def test_a_set_is_made_before_a_release_of_another_version() -> None:
    planned = made(CLAIMED, beforeUpgrade=True)
    for app in ("airbyte", "dagster"):
        job = planned.one(JOB, f"{app}-backup-before-upgrade")
        spec = job.inputs["spec"]["template"]["spec"]
        dump = variables(spec["initContainers"][0])
        assert (dump["EMPTY"], dump["CHART"].split()[0]) == ("skip", app)
        assert job.urn in planned.needs(planned.one(RELEASE, app))
        cron = variables(pod(planned, app)["spec"]["initContainers"][0])
        assert cron == {**dump, "EMPTY": "dump"}
    assert not [one for one in made(CLAIMED).resources if "before-upgrade" in one.name]


def test_without_the_setting_there_is_nothing_of_it() -> None:
    assert not [one for one in plan().resources if "backup" in one.name]


def test_a_dump_has_all_databases_and_secrets_of_the_app() -> None:
    spec = pod(made(CLAIMED))["spec"]
    dump = variables(spec["initContainers"][0])
    assert dump["APP_DATABASES"].split("\n") == ["airbyte", "temporal", "temporal_visibility"]
    assert dump["PGPASSWORD"] == ("airbyte-database", "password")
    assert dump["BACKUP_KEY"] == ("airbyte-database-backup", "key")
    mounted = {mount["mountPath"] for mount in spec["initContainers"][0]["volumeMounts"]}
    assert {"/secrets/airbyte-database", "/secrets/airbyte-auth-secrets", "/secrets/airbyte-airbyte-secrets"} <= mounted
    assert all(volume["secret"]["optional"] for volume in spec["volumes"] if "secret" in volume)


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ("claim", {"TYPE": "local"}),
        ("s3", {"TYPE": "s3", "PROVIDER": "AWS", "SECRET_ACCESS_KEY": ("store-keys", "AWS_SECRET_ACCESS_KEY")}),
        ("s3-identity", {"TYPE": "s3", "PROVIDER": "AWS", "ENV_AUTH": "true"}),
        ("s3-compatible", {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": "http://minio.store:9000"}),
        ("gcs", {"TYPE": "google cloud storage", "SERVICE_ACCOUNT_CREDENTIALS": ("store-keys", "gcp.json")}),
        ("azure", {"TYPE": "azureblob", "ACCOUNT": "myaccount", "KEY": ("store-keys", "AZURE_STORAGE_KEY")}),
    ],
)
def test_rclone_gets_its_settings_from_the_environment(storage: str, expected: dict[str, Any]) -> None:
    store = variables(pod(made(STORAGES[storage]))["spec"]["containers"][0])
    assert (
        expected.items() <= {name.removeprefix("RCLONE_CONFIG_STORE_"): value for name, value in store.items()}.items()
    )
    root = "store:/store" if storage == "claim" else "store:sets/prod"
    assert store["STORE"] == f"{root}/lakehouse-test/airbyte"


def test_an_identity_is_that_of_a_service_account_of_its_own() -> None:
    planned = made(STORAGES["s3-identity"])
    account = planned.one(SERVICE_ACCOUNT, "airbyte-backup-account")
    assert account.inputs["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith("role/sets")
    assert pod(planned)["spec"]["serviceAccountName"] == account.inputs["metadata"]["name"]


def test_settings_of_every_pod_hold_for_backups() -> None:
    planned = plan(backups={"storage": CLAIMED}, pods={"registry": "mirror.example.com", "labels": {"team": "data"}})
    template = pod(planned)
    images = [one["image"] for one in (*template["spec"]["initContainers"], *template["spec"]["containers"])]
    assert all(image.startswith("mirror.example.com/") for image in images)
    assert template["metadata"]["labels"]["team"] == "data"


def test_no_value_of_the_pod_is_a_secret() -> None:
    planned = made(STORAGES["s3"])
    assert not has_password(pod(planned))
    named = {"BACKUP_KEY", "PGPASSWORD", "PGUSER", "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY"}
    spec = pod(planned)["spec"]
    for container in (*spec["initContainers"], *spec["containers"]):
        for name, value in variables(container).items():
            assert name not in named or isinstance(value, tuple), name


def test_every_script_that_a_stage_names_is_brought_along() -> None:
    texts = backup_scripts()
    for stage in ("dump", "prove", "encrypt", "store"):
        assert f"{stage}.sh" in texts
    named = {word for text in texts.values() for word in text.replace('"', " ").split() if word.startswith("$here/")}
    assert named
    assert {word.removeprefix("$here/") for word in named} <= texts.keys()


@pytest.mark.parametrize(
    ("backups", "path", "allowed"),
    [
        ({"storage": {"kind": "s3", "region": "eu-central-1", "bucket": "sets"}}, "storage.credentials", "either"),
        ({"storage": CLAIMED, "schedule": "daily"}, "schedule", "five fields"),
        ({"storage": CLAIMED, "compression": "zstd:99"}, "compression", "zstd:19"),
        (
            {"storage": CLAIMED, "encryption": {"recipients": ["AGE-SECRET-KEY-1"], "image": "a:1"}},
            "recipients",
            "age1",
        ),
        ({"storage": {"kind": "azure", "account": "A_B", "container": "sets", "credentials": KEYS}}, "account", "24"),
    ],
)
def test_mistakes_are_refused(backups: dict[str, Any], path: str, allowed: str) -> None:
    with pytest.raises(Mistakes) as refused:
        check({"backups": backups})
    (mistake,) = refused.value.mistakes
    assert path in ".".join(str(part) for part in mistake.path)
    assert allowed in mistake.allowed
