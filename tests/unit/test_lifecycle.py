"""What outlives the stack, what grows in place, what a rotation reaches, and in which order things come and go."""

from typing import Any

import pytest

from components.postgres.scram import verifier
from components.postgres.scripts import fingerprint
from tests.support.kinds import (
    CLAIM,
    CONFIG_MAP,
    JOB,
    NAMESPACE,
    PASSWORD,
    PROVIDER,
    RANDOM_ID,
    RELEASE,
    SECRET,
    STATEFUL_SET,
)
from tests.support.recording import RANDOM_HEX, Plan, Recorded, values
from tests.support.stacks import as_config, plan, plan_program

ROTATION = "lakehouse/credentials-rotation"


def changed(before: Plan, after: Plan) -> dict[tuple[str, str], tuple[Recorded, Recorded]]:
    """What differs in inputs or options, by type and name."""
    old = {(r.type, r.name): r for r in before.resources}
    new = {(r.type, r.name): r for r in after.resources}
    assert old.keys() == new.keys()
    return {
        key: (old[key], new[key])
        for key in old
        if (old[key].inputs, old[key].options) != (new[key].inputs, new[key].options)
    }


@pytest.mark.parametrize(
    ("settings", "retained"), [({}, True), ({"retainData": True}, True), ({"retainData": False}, False)], ids=str
)
def test_data_outlive_the_stack_where_it_says_so(settings: dict[str, Any], retained: bool) -> None:
    made = plan(**settings)
    for kind in (CLAIM, NAMESPACE):
        assert {r.options.get("retainOnDelete", False) for r in made.of_type(kind)} == {retained}
    assert not [r for r in made.resources if r.type not in (CLAIM, NAMESPACE) and "retainOnDelete" in r.options]


def test_what_was_kept_is_taken_over() -> None:
    inputs = plan().one(PROVIDER, "cluster").inputs
    for setting in ("upsertExistingObjects", "enablePatchForce", "enableSecretMutable", "enableConfigMapMutable"):
        assert inputs[setting] == "true"


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_a_claim_is_not_waited_for(app: str) -> None:
    # The provider waits until a created claim of a class that waits for the first pod is Pending; a kept one is Bound.
    annotations = plan().one(CLAIM, f"{app}-postgresql-data").inputs["metadata"]["annotations"]
    assert annotations == {"pulumi.com/patchForce": "true", "pulumi.com/skipAwait": "true"}


def test_growing_the_storage_changes_the_claim_and_nothing_else() -> None:
    after = plan(dagster={"database": {"embedded": {"storageSize": "16Gi"}}})
    ((key, (old, new)),) = changed(plan(), after).items()
    assert key == (CLAIM, "dagster-postgresql-data")
    assert new.inputs["spec"]["resources"] == {"requests": {"storage": "16Gi"}}
    assert {**old.inputs["spec"], "resources": None} == {**new.inputs["spec"], "resources": None}
    assert old.inputs["metadata"] == new.inputs["metadata"]


def test_claim_is_no_template_of_the_server() -> None:
    # A template of a StatefulSet cannot be changed: the server would have to be replaced to grow.
    assert "volumeClaimTemplates" not in plan().one(STATEFUL_SET, "dagster-postgresql-server").inputs["spec"]


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_rotating_an_apps_password_makes_a_new_one_and_restarts_the_app(app: str) -> None:
    differences = changed(plan(), plan(**{app: {"database": {"passwordRotation": 2}}}))
    assert differences.keys() == {(PASSWORD, f"{app}-database-password"), (RELEASE, app)}
    assert differences[PASSWORD, f"{app}-database-password"][1].inputs["keepers"] == {"rotation": "2"}
    old, new = (str(r.inputs["values"]) for r in differences[RELEASE, app])
    assert old.count("database-1") == new.count("database-2") >= 2
    assert old.replace("database-1", "database-2") == new


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_bootstrap_job_runs_again_for_a_new_password(app: str) -> None:
    job = plan().one(JOB, f"{app}-database-bootstrap")
    assert plan().one(PASSWORD, f"{app}-database-password").urn in job.options["replaceWith"]
    scripts = plan().one(CONFIG_MAP, f"{app}-database-bootstrap").inputs["data"]
    salt = plan().one(RANDOM_ID, f"{app}-database-salt")
    assert plan().one(PASSWORD, f"{app}-database-password").urn in salt.options["replaceWith"]
    annotations = job.pod["metadata"]["annotations"]
    assert annotations["lakehouse/config-hash"] == fingerprint(scripts)
    assert annotations["lakehouse/login"].endswith(f"-{RANDOM_HEX}")
    assert job.options["deleteBeforeReplace"] is True


@pytest.mark.parametrize(("settings", "rounds"), [({}, "1"), ({"scramIterations": 4096}, "4096")], ids=str)
def test_the_verifier_has_the_rounds_of_the_settings_and_the_job_runs_again_for_others(
    settings: dict[str, Any], rounds: str
) -> None:
    made = plan(dagster={"database": settings}) if settings else plan()
    job = made.one(JOB, "dagster-database-bootstrap")
    assert job.pod["metadata"]["annotations"]["lakehouse/login"] == f"{rounds}-{RANDOM_HEX}"
    secret = values(made.one(SECRET, "dagster-database-secret"))
    assert secret["scram-verifier"] == verifier(secret["password"], bytes.fromhex(RANDOM_HEX), int(rounds))
    # A Job cannot be changed; what differs replaces it, the old one first.
    assert job.options["deleteBeforeReplace"] is True


def test_rotating_the_admins_password_restarts_the_server() -> None:
    differences = changed(plan(), plan(dagster={"database": {"embedded": {"adminPasswordRotation": 2}}}))
    assert differences.keys() == {(PASSWORD, "dagster-postgresql-admin"), (STATEFUL_SET, "dagster-postgresql-server")}
    annotations = differences[STATEFUL_SET, "dagster-postgresql-server"][1].pod["metadata"]["annotations"]
    assert annotations["lakehouse/admin-password-rotation"] == "2"


def test_user_code_servers_that_the_values_list_restart_with_a_new_password() -> None:
    listed = {"dagster-user-deployments": {"deployments": [{"name": "etl", "annotations": {"team": "data"}}]}}
    made = plan(dagster={"values": listed, "database": {"passwordRotation": 3}}).one(RELEASE, "dagster")
    (server,) = made.inputs["values"]["dagster-user-deployments"]["deployments"]
    assert server["annotations"] == {"team": "data", "lakehouse/credentials-rotation": "database-3"}


def test_a_second_run_registers_the_same() -> None:
    assert changed(plan_program(as_config({}), "test"), plan_program(as_config({}), "test")) == {}


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_an_app_comes_after_its_database_and_goes_before_it(app: str) -> None:
    made = plan()
    before = made.needs(made.one(RELEASE, app))
    for kind, name in (
        (NAMESPACE, app),
        (CLAIM, f"{app}-postgresql-data"),
        (STATEFUL_SET, f"{app}-postgresql-server"),
        (SECRET, f"{app}-database-secret"),
        (JOB, f"{app}-database-bootstrap"),
    ):
        assert made.one(kind, name).urn in before, name


def test_airbyte_comes_after_minios_credentials() -> None:
    made = plan()
    assert made.one(SECRET, "airbyte-object-storage").urn in made.needs(made.one(RELEASE, "airbyte"))


@pytest.mark.parametrize("app", ["airbyte", "dagster"])
def test_a_database_is_bootstrapped_on_a_running_server_with_its_secrets_there(app: str) -> None:
    made = plan()
    before = made.needs(made.one(JOB, f"{app}-database-bootstrap"))
    assert made.one(STATEFUL_SET, f"{app}-postgresql-server").urn in before
    assert made.one(SECRET, f"{app}-postgresql-admin").urn in before
    assert made.one(SECRET, f"{app}-database-secret").urn in before


@pytest.mark.parametrize("settings", [{}, {"namespace": "lakehouse"}], ids=["a namespace each", "one namespace"])
@pytest.mark.parametrize(("app", "other"), [("airbyte", "dagster"), ("dagster", "airbyte")])
def test_apps_are_deployed_side_by_side(settings: dict[str, Any], app: str, other: str) -> None:
    made = plan(**settings)
    for resource in made.resources:
        if resource.name.startswith(app):
            assert not [urn for urn in made.needs(resource) if urn.rpartition("::")[2].startswith(other)], resource.name
