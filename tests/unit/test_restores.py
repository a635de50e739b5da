"""Restores of backup sets in the program: the suspended CronJob, what its pod may do, and `restoreFrom`."""

import json
from typing import Any

import pytest

from components.postgres.restore.component import restore_scripts
from tests.support.kinds import CRON_JOB, JOB, RELEASE, ROLE, ROLE_BINDING, SECRET, SERVICE_ACCOUNT
from tests.support.recording import Plan
from tests.support.secrecy import has_password
from tests.support.stacks import plan
from tests.unit.test_backups import CLAIMED, STORAGES, variables

KEY = "a-key-of-the-other-stack"
BUCKET = STORAGES["s3-compatible"]
AGE = {"recipients": ["age1" + "q" * 58], "image": "registry.example.com/age:1.2.1"}


def cron_pod(made: Plan, app: str = "airbyte") -> dict[str, Any]:
    spec: dict[str, Any] = made.one(CRON_JOB, f"{app}-restore-job").inputs["spec"]
    return spec["jobTemplate"]["spec"]["template"]["spec"]


def container(pod: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (one for one in (*pod["initContainers"], *pod["containers"]) if one["name"] == name)
    return found


def test_each_app_has_a_suspended_cron_job_that_restores_the_newest_set() -> None:
    made = plan(backups={"storage": CLAIMED})
    for app in ("airbyte", "dagster"):
        job = made.one(CRON_JOB, f"{app}-restore-job").inputs
        assert job["metadata"]["name"] == f"{app}-database-restore"
        assert job["spec"]["suspend"] is True
        pod = cron_pod(made, app)
        assert [one["name"] for one in (*pod["initContainers"], *pod["containers"])] == ["fetch", "tools", "restore"]
        given = variables(container(pod, "restore"))
        assert (given["WANTED"], given["INTO"], given["RELEASE"]) == ("newest", "live", app)
        assert f"--from=cronjob/{app}-database-restore" in made.outputs[app]["restoreCommand"]


def test_a_refusal_ends_the_job_at_once() -> None:
    spec = plan(backups={"storage": CLAIMED}).one(CRON_JOB, "airbyte-restore-job").inputs["spec"]
    (rule,) = spec["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob" and rule["onExitCodes"] == {"operator": "In", "values": [3]}


def test_only_the_container_that_restores_gets_the_token() -> None:
    pod = cron_pod(plan(backups={"storage": CLAIMED, "encryption": AGE}))
    assert pod["automountServiceAccountToken"] is False
    for one in (*pod["initContainers"], *pod["containers"]):
        paths = [mount["mountPath"] for mount in one["volumeMounts"]]
        assert any("serviceaccount" in path for path in paths) == (one["name"] == "restore")


def test_its_account_may_stop_the_app_and_read_what_it_needs_and_nothing_else() -> None:
    made = plan(backups={"storage": CLAIMED})
    rules = made.one(ROLE, "airbyte-restore-app-role").inputs["rules"]
    secrets = [rule for rule in rules if "secrets" in rule["resources"]]
    assert [rule["verbs"] for rule in secrets] == [["get", "patch"], ["create"]]
    assert secrets[0]["resourceNames"] == ["airbyte-auth-secrets"]
    assert not any("delete" in rule["verbs"] or "*" in rule["verbs"] for rule in rules)
    (admin,) = made.one(ROLE, "airbyte-restore-admin-role").inputs["rules"]
    assert (admin["resourceNames"], admin["verbs"]) == (["airbyte-airbyte-postgresql-admin"], ["get"])
    dagster = made.one(ROLE, "dagster-restore-app-role").inputs["rules"]
    assert not any("secrets" in rule["resources"] for rule in dagster)


def test_on_a_shared_server_the_admins_secret_is_read_in_its_namespace() -> None:
    made = plan(postgresql={"mode": "standalone", "server": {"kind": "cloudnativepg"}}, backups={"storage": CLAIMED})
    for app in ("airbyte", "dagster"):
        for token, kind in ((ROLE, "role"), (ROLE_BINDING, "binding")):
            metadata = made.one(token, f"{app}-restore-admin-{kind}").inputs["metadata"]
            assert (metadata["namespace"], metadata["name"]) == ("postgresql", f"{app}-database-restore-admin")
        (subject,) = made.one(ROLE_BINDING, f"{app}-restore-admin-binding").inputs["subjects"]
        assert (subject["namespace"], subject["name"]) == (app, f"{app}-database-restore")
        assert variables(container(cron_pod(made, app), "restore"))["ADMIN_NAMESPACE"] == "postgresql"


def test_a_clouds_identity_is_that_of_the_backups_service_account() -> None:
    made = plan(backups={"storage": STORAGES["s3-identity"]})
    assert cron_pod(made)["serviceAccountName"] == "airbyte-database-backup"
    assert not [one for one in made.of_type(SERVICE_ACCOUNT) if one.name == "airbyte-restore-account"]


def test_an_encrypted_set_is_decrypted_with_a_key_that_a_person_brings() -> None:
    pod = cron_pod(plan(backups={"storage": CLAIMED, "encryption": AGE}))
    assert [one["name"] for one in pod["initContainers"]] == ["fetch", "tools", "decrypt"]
    assert container(pod, "decrypt")["image"] == AGE["image"]
    (volume,) = (one for one in pod["volumes"] if one["name"] == "identity")
    assert volume["secret"]["secretName"] == "airbyte-database-identity" and volume["secret"]["optional"] is True
    (memory,) = (one for one in pod["volumes"] if one["name"] == "private")
    assert memory["emptyDir"]["medium"] == "Memory"


def test_without_an_admin_nothing_is_restored() -> None:
    made = plan(
        postgresql={"mode": "standalone", "server": {"kind": "existing", "host": "db.example.com", "tls": "require"}},
        airbytePassword="a",
        dagsterPassword="d",
        backups={"storage": CLAIMED},
    )
    assert not [one for one in made.resources if "restore" in one.name]


def test_no_value_of_the_pod_is_a_secret() -> None:
    pod = cron_pod(plan(backups={"storage": STORAGES["s3"], "encryption": AGE}))
    assert not has_password(pod)
    for one in (*pod["initContainers"], *pod["containers"]):
        for name, value in variables(one).items():
            assert name not in {"BACKUP_KEY", "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY"} or isinstance(value, tuple)


def test_a_new_server_begins_as_a_set_before_its_app_is_installed() -> None:
    made = plan(backups={"storage": CLAIMED}, restoreFrom={"at": "2026-01-31T03:00:00+01:00"})
    for app in ("airbyte", "dagster"):
        job = made.one(JOB, f"{app}-restore-new")
        given = variables(container(job.inputs["spec"]["template"]["spec"], "restore"))
        assert (given["WANTED"], given["AT"], given["INTO"]) == ("newest", "20260131T020000Z", "new")
        assert job.inputs["metadata"]["name"].startswith(f"{app}-database-restore-")
        assert job.urn in made.needs(made.one(RELEASE, app))


def test_another_set_is_another_job() -> None:
    names = {
        plan(backups={"storage": CLAIMED}, restoreFrom=wanted)
        .one(JOB, "dagster-restore-new")
        .inputs["metadata"]["name"]
        for wanted in ({"set": "newest"}, {"set": "20260131T020000Z"}, {"at": "2026-01-31T02:00:00Z"})
    }
    assert len(names) == 3


def test_a_set_of_another_stack_is_looked_for_and_decrypted_as_its_own() -> None:
    made = plan(
        backups={"storage": BUCKET},
        airbyteBackupKey=KEY,
        dagsterBackupKey=KEY,
        restoreFrom={"stack": "acme/lakehouse/prod"},
    )
    pod = made.one(JOB, "airbyte-restore-new").inputs["spec"]["template"]["spec"]
    assert variables(container(pod, "fetch"))["STORE"] == "store:sets/prod/acme-lakehouse-prod/airbyte"
    assert variables(container(pod, "restore"))["SET_STACK"] == "acme/lakehouse/prod"
    assert variables(container(cron_pod(made), "fetch"))["STORE"] == "store:sets/prod/lakehouse-test/airbyte"
    assert KEY not in json.dumps([one.inputs for one in made.resources if one.type != SECRET], default=str)


def test_every_script_that_a_stage_names_is_brought_along() -> None:
    texts = restore_scripts()
    assert {"fetch.sh", "decrypt.sh", "tools.sh", "restore.sh"} <= texts.keys()
    named = {word for text in texts.values() for word in text.replace('"', " ").replace("'", " ").split()}
    files = {word.removeprefix("$here/") for word in named if word.startswith("$here/")}
    assert files
    assert files <= texts.keys()


@pytest.mark.parametrize("script", sorted(restore_scripts()))
def test_what_a_script_includes_is_brought_along(script: str) -> None:
    lines = restore_scripts()[script].splitlines()
    included = {line.removeprefix("\\ir ") for line in lines if line.startswith("\\ir ")}
    assert included <= restore_scripts().keys()
