"""A move's part in the program: what waits for what, who reads which Secret, and what a stack without one is spared."""

from typing import Any

import pytest

from components.postgres import scripts
from components.postgres.move import move_scripts
from stack.check import check
from tests.support.certificates import ONE
from tests.support.kinds import CLAIM, CONFIG_MAP, JOB, NAMESPACE, RELEASE, SECRET, STATEFUL_SET
from tests.support.recording import GENERATED, Plan, mask, record, reveal, values
from tests.support.secrecy import carries, has_password
from tests.support.stacks import as_config, plan, run_main

EMBEDDED = {"mode": "embedded"}
BY_HAND = {
    "mode": "standalone",
    "namespace": "shared",
    "server": {"kind": "existing", "host": "db.example.com", "tls": "require", "admin": {"secretName": "db-admin"}},
}
VERIFIED = {**BY_HAND, "server": {**BY_HAND["server"], "tls": "verify-full", "caCertificates": ONE}}
THERE = {"postgresql": BY_HAND, "moveFrom": EMBEDDED}
BACK = {"postgresql": EMBEDDED, "moveFrom": BY_HAND}
APPS = ("airbyte", "dagster")
OLD = {"airbyte": "airbyte-airbyte-postgresql", "dagster": "dagster-postgresql"}


@pytest.fixture(params=[THERE, BACK], ids=["there", "back"])
def made(request: pytest.FixtureRequest) -> Plan:
    return plan(**request.param)


def variables(made: Plan, job: str) -> dict[str, Any]:
    """Environment of a Job's container: values, or name and key of a Secret."""
    (container,) = made.one(JOB, job).pod["spec"]["containers"]
    found: dict[str, Any] = {}
    for variable in container["env"]:
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = (reference["name"], reference["key"]) if reference else variable.get("value")
    return found


@pytest.mark.parametrize("app", APPS)
def test_the_app_is_switched_after_its_move_and_that_runs_on_two_servers_that_are_ready(made: Plan, app: str) -> None:
    move = made.one(JOB, f"{app}-move")
    assert move.urn in made.needs(made.one(RELEASE, app))
    before = made.needs(move)
    assert made.one(JOB, f"{app}-database-bootstrap").urn in before
    assert made.one(STATEFUL_SET, f"{app}-postgresql-server").urn in before
    assert made.one(CONFIG_MAP, f"{app}-move-scripts").urn in before
    assert made.one(SECRET, f"{app}-move-admin").urn in before


@pytest.mark.parametrize("app", APPS)
def test_downtime_is_told_when_the_app_is_ready(made: Plan, app: str) -> None:
    before = made.needs(made.one(JOB, f"{app}-downtime"))
    assert made.one(RELEASE, app).urn in before
    assert made.one(JOB, f"{app}-move").urn in before


@pytest.mark.parametrize(("app", "other"), [APPS, APPS[::-1]])
def test_apps_are_moved_side_by_side(made: Plan, app: str, other: str) -> None:
    for job in (f"{app}-move", f"{app}-downtime"):
        assert not [urn for urn in made.needs(made.one(JOB, job)) if urn.rpartition("::")[2].startswith(other)]


@pytest.mark.parametrize("app", APPS)
def test_the_job_runs_where_a_hand_made_secret_is_and_finds_both_admins_there(made: Plan, app: str) -> None:
    job = made.one(JOB, f"{app}-move")
    assert job.inputs["metadata"]["namespace"] == "shared"
    found = variables(made, f"{app}-move")
    shared, own = ("TARGET", "SOURCE") if found["TARGET_HOST"] == "db.example.com" else ("SOURCE", "TARGET")
    assert found[f"{shared}_USER"] == ("db-admin", "username")
    assert found[f"{shared}_PASSWORD"] == ("db-admin", "password")
    copied = made.one(SECRET, f"{app}-move-admin")
    assert found[f"{own}_USER"] == (copied.inputs["metadata"]["name"], "username")
    assert found[f"{own}_PASSWORD"] == (copied.inputs["metadata"]["name"], "password")
    assert copied.inputs["metadata"]["namespace"] == "shared"
    assert values(copied) == {
        "username": "postgres",
        "password": f"{GENERATED}-{app}-postgresql-admin",
    }
    assert found[f"{own}_HOST"] == f"{OLD[app]}.{app}.svc.cluster.local"
    assert (found[f"{own}_SSLMODE"], found[f"{shared}_SSLMODE"]) == ("disable", "require")


def test_the_way_there_and_the_way_back() -> None:
    there, back = (variables(plan(**way), "dagster-move") for way in (THERE, BACK))
    assert (there["SOURCE_HOST"], there["TARGET_HOST"]) == (back["TARGET_HOST"], back["SOURCE_HOST"])
    assert there["TARGET_HOST"] == "db.example.com"


def test_every_database_of_an_app_is_moved() -> None:
    assert variables(plan(**THERE), "airbyte-move")["APP_DATABASES"] == "airbyte\ntemporal\ntemporal_visibility"
    assert variables(plan(**THERE), "dagster-move")["APP_DATABASES"] == "dagster"


@pytest.mark.parametrize("app", APPS)
def test_only_a_move_lets_data_arrive(made: Plan, app: str) -> None:
    assert variables(made, f"{app}-database-bootstrap")["ARRIVING"] == "yes"
    for settings in ({}, {"postgresql": BY_HAND}):
        assert variables(plan(**settings), f"{app}-database-bootstrap")["ARRIVING"] == "no"


def test_the_old_servers_stay_as_they_are_while_data_are_moved() -> None:
    before, during = plan(), plan(**THERE)
    for kind, name in ((CLAIM, "data"), (STATEFUL_SET, "server"), (SECRET, "admin"), (CONFIG_MAP, "config")):
        for app in APPS:
            old, now = (it.one(kind, f"{app}-postgresql-{name}") for it in (before, during))
            assert (old.urn, old.inputs, old.options) == (now.urn, now.inputs, now.options)


def test_nothing_of_a_move_is_there_without_one() -> None:
    for settings in ({}, {"moveFrom": {}}, {"postgresql": BY_HAND}):
        assert not [r for r in plan(**settings).resources if "move" in r.name or "downtime" in r.name]


def test_an_empty_setting_is_none() -> None:
    assert check({"moveFrom": {}}).move_from is None
    assert check({"moveFrom": ""}).move_from is None


def test_embedded_sizes_may_be_told_while_data_are_moved_from_there() -> None:
    sizes = {"airbyte": {"database": {"embedded": {"storageSize": "16Gi"}}}}
    claim = plan(**THERE, **sizes).one(CLAIM, "airbyte-postgresql-data")
    assert claim.inputs["spec"]["resources"]["requests"]["storage"] == "16Gi"


def test_namespaces_of_both_servers_are_made() -> None:
    server = {**BY_HAND["server"], "admin": {"username": "boss"}}

    def program() -> None:
        run_main()

    settings = {"moveFrom": {**BY_HAND, "server": server}, "adminPassword": "hunter2"}
    made = record(program, config=as_config(settings), secret_keys=("lakehouse:adminPassword",))
    assert {r.name for r in made.of_type(NAMESPACE)} == {"airbyte", "dagster", "shared"}
    assert made.one(NAMESPACE, "shared").urn in made.needs(made.one(JOB, "dagster-move"))
    assert not [r.name for r in made.resources if carries(mask(r.raw), "hunter2")]


def test_passwords_are_secret_in_a_move(made: Plan) -> None:
    assert [r.name for r in made.resources if has_password(mask(r.raw))] == []
    assert {r.type for r in made.resources if has_password(reveal(r.raw))} == {SECRET}


def test_authorities_of_both_sides_come_with_the_scripts() -> None:
    made = plan(postgresql=VERIFIED, moveFrom=EMBEDDED)
    found = variables(made, "dagster-move")
    assert found["TARGET_CA"] == "/scripts/target-ca.crt"
    assert not found["SOURCE_CA"]
    assert made.one(CONFIG_MAP, "dagster-move-scripts").inputs["data"]["target-ca.crt"] == ONE
    assert made.one(CONFIG_MAP, "dagster-downtime-scripts").inputs["data"]["target-ca.crt"] == ONE
    assert variables(made, "dagster-downtime")["PGSSLROOTCERT"] == "/scripts/target-ca.crt"


@pytest.mark.parametrize("app", APPS)
def test_pods_find_the_old_servers_authority_until_that_server_goes(app: str) -> None:
    def secret(**settings: Any) -> dict[str, str]:
        return values(plan(**settings).one(SECRET, f"{app}-database-secret"))

    back = secret(postgresql=EMBEDDED, moveFrom=VERIFIED)
    assert back.pop("ca.crt") == ONE
    assert back == secret(postgresql=EMBEDDED)


def test_a_cut_try_is_repeated_and_a_refusal_ends_the_job_in_a_way_that_the_provider_sees() -> None:
    spec = plan(**THERE).one(JOB, "dagster-move").inputs["spec"]
    # Of a Job that failed by a policy the provider takes no note: it would wait for it until its timeout, a day.
    assert "podFailurePolicy" not in spec
    assert spec["backoffLimit"] == 3
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_all_tries_of_one_job_share_an_id() -> None:
    (container,) = plan(**THERE).one(JOB, "dagster-move").pod["spec"]["containers"]
    (run,) = [variable for variable in container["env"] if variable["name"] == "RUN"]
    path = run["valueFrom"]["fieldRef"]["fieldPath"]
    assert path == "metadata.labels['batch.kubernetes.io/controller-uid']"


@pytest.mark.parametrize("app", APPS)
def test_a_finished_job_of_another_move_is_not_taken_for_this_one(app: str) -> None:
    there, back = plan(**THERE), plan(**BACK)
    numbers = [made.one("random:index/randomId:RandomId", f"{app}-move-number") for made in (there, back)]
    assert numbers[0].inputs["keepers"] != numbers[1].inputs["keepers"]
    for made, number, word in zip((there, back), numbers, ("move", "back"), strict=True):
        job = made.one(JOB, f"{app}-move")
        assert job.inputs["metadata"]["name"] == f"{app}-database-{word}-c0de"
        assert number.urn in job.property_needs["metadata"]
        longest = f"{'s' * 53}-{word}-c0de"
        assert len(longest) <= 63  # a label of its pods


def test_every_script_of_a_move_is_brought_along() -> None:
    texts = scripts.read(*move_scripts())
    folder = {name for name in scripts.names() if name.startswith("move")}
    assert folder <= texts.keys()
    for text in texts.values():
        for name in scripts.names():
            if f"/{name}" in text or f"\\ir {name}" in text:
                assert name in texts, name
