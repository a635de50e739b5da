"""What happens to a deployed stack over time: it grows, its passwords change, it goes and comes back."""

import re

from tests.sandbox import rows_to_keep
from tests.sandbox.dagster import Webserver
from tests.sandbox.deployments import TWIN_AIRBYTE, TWIN_APPS, TWIN_DAGSTER, App
from tests.sandbox.events import steps
from tests.sandbox.owned import OwnedStack
from tests.support.cluster import described, find, get, http, node_port, objects, run, secret_values, until
from tests.support.kinds import CLAIM, RELEASE

REFUSED = "password authentication failed"


def test_both_apps_are_deployed_side_by_side(twin: OwnedStack) -> None:
    assert twin.first is not None
    releases = [step for step in steps(twin.first.events) if step.type == RELEASE]
    assert {step.name for step in releases} == {"airbyte", "dagster"}
    assert all(step.op == "create" and step.ended is not None for step in releases)
    assert max(step.started for step in releases) < min(step.ended or 0 for step in releases), releases


def test_growing_the_storage_changes_one_claim_in_place(twin: OwnedStack) -> None:
    app = TWIN_DAGSTER
    rows_to_keep.write(app.pod)
    pod, claim = app.pod.wait_ready(), get("persistentvolumeclaim", app.claim, app.namespace)
    stack = twin.unsettle()
    stack.set("dagster.database.embedded.storageSize", "2Gi")
    only = [("update", CLAIM, "dagster-postgresql-data")]

    previewed = stack.preview().check()
    assert [(step.op, step.type, step.name) for step in previewed.changes] == only
    done = stack.up().check()
    assert [(step.op, step.type, step.name) for step in done.changes] == only
    twin.settled = True

    until("2Gi in the pod", lambda: (0.9 * 2 * 2**30 <= (size := capacity(app)) <= 2 * 2**30, size))
    after = get("persistentvolumeclaim", app.claim, app.namespace)
    assert after["metadata"]["uid"] == claim["metadata"]["uid"]
    until("2Gi claimed", lambda: (claimed(app) == "2Gi", claimed(app)))
    now = app.pod.wait_ready()
    assert now["metadata"]["uid"] == pod["metadata"]["uid"]
    assert now["status"]["containerStatuses"] == pod["status"]["containerStatuses"]
    assert rows_to_keep.read(app.pod) == rows_to_keep.ROWS


def test_rotation_by_number_reaches_every_pod(twin: OwnedStack) -> None:
    rows_to_keep.write(TWIN_AIRBYTE.pod)
    before = {app: uris(app) for app in TWIN_APPS}
    identities = {app: get("secret", app.secret, app.namespace)["metadata"]["uid"] for app in TWIN_APPS}
    stack = twin.replace_passwords()
    for key in ("airbyte", "dagster"):
        stack.set(f"{key}.database.passwordRotation", 2)
        stack.set(f"{key}.database.embedded.adminPasswordRotation", 2)
    stack.up().check()
    twin.settled = True

    for app in TWIN_APPS:
        assert get("secret", app.secret, app.namespace)["metadata"]["uid"] == identities[app]
        for who, uri in uris(app).items():
            assert uri != before[app][who]
            assert connect(app, uri) == "", f"the new password of {who} is not accepted"
            assert REFUSED in connect(app, before[app][who]), f"the old password of {who} is still accepted"
    assert rows_to_keep.read(TWIN_AIRBYTE.pod) == rows_to_keep.ROWS
    # The last pods of the old release go when the new ones have been there for a while.
    until("no old password in a container", lambda: (not (old := containers_with_old_passwords()), old))
    check_both_apps_work()


def test_destroy_keeps_the_claims_and_the_next_up_serves_the_old_rows_with_new_passwords(twin: OwnedStack) -> None:
    for app in TWIN_APPS:
        rows_to_keep.write(app.pod)
    before = {app: uris(app) for app in TWIN_APPS}
    claims = {app: get("persistentvolumeclaim", app.claim, app.namespace)["metadata"]["uid"] for app in TWIN_APPS}
    stack = twin.replace_passwords()
    stack.destroy().check()

    assert [r["urn"] for r in stack.resources()] == []
    assert get("namespace", "twin", "twin")["status"]["phase"] == "Active"
    for app in TWIN_APPS:
        kept = get("persistentvolumeclaim", app.claim, app.namespace)
        assert kept["metadata"]["uid"] == claims[app]
        assert kept["status"]["phase"] == "Bound"
        assert find("secret", app.secret, app.namespace) is None
        assert find("statefulset", app.service, app.namespace) is None
        until("pod gone", lambda app=app: ((pod := app.pod.object()) is None, pod and pod["status"]["phase"]))

    stack.up().check()
    twin.settled = True
    for app in TWIN_APPS:
        assert get("persistentvolumeclaim", app.claim, app.namespace)["metadata"]["uid"] == claims[app]
        assert rows_to_keep.read(app.pod) == rows_to_keep.ROWS
        for who, uri in uris(app).items():
            assert uri != before[app][who]
            assert connect(app, uri) == ""
            assert REFUSED in connect(app, before[app][who])
    check_both_apps_work()


def capacity(app: App) -> int:
    """Bytes of the file system that the server's data are on."""
    return int(app.pod.output("df", "--block-size=1", "--output=size", "/var/lib/postgresql").split()[1])


def claimed(app: App) -> str:
    """Capacity that the claim has."""
    return str(get("persistentvolumeclaim", app.claim, app.namespace)["status"]["capacity"]["storage"])


def uris(app: App) -> dict[str, str]:
    """Connection strings of the app's role and of the server's admin."""
    values, admin = secret_values(app.secret, app.namespace), secret_values(f"{app.service}-admin", app.namespace)
    by_admin = re.sub(r"//[^@]+@", f"//{admin['username']}:{admin['password']}@", values["uri"])
    return {values["username"]: values["uri"], admin["username"]: by_admin}


def connect(app: App, uri: str) -> str:
    """Connect over TCP; return what the client complained of, nothing if it was let in."""
    line = 'IFS= read -r uri; exec psql --no-psqlrc --quiet --tuples-only --dbname "$uri" --command "SELECT"'
    done = app.pod.exec("sh", "-c", line, input=f"{uri}\n")
    assert done.returncode == 0 or done.stderr, described(done)
    return "" if done.returncode == 0 else done.stderr


def containers_with_old_passwords() -> list[str]:
    """Containers of both apps that were started with a value that their Secret does not hold any more."""
    found: list[str] = []
    for pod in objects("pods", "twin"):
        name = pod["metadata"]["name"]
        if pod["status"]["phase"] != "Running" or "deletionTimestamp" in pod["metadata"]:
            continue
        for container in pod["spec"]["containers"]:
            references = {
                variable["name"]: variable["valueFrom"]["secretKeyRef"]
                for variable in container.get("env", [])
                if "secretKeyRef" in variable.get("valueFrom", {})
            }
            if not references:
                continue
            done = run("kubectl", "exec", "--namespace", "twin", name, "--container", container["name"], "--", "env")
            if done.returncode and find("pod", name, "twin") is None:  # replaced since it was listed
                break
            assert done.returncode == 0, described(done)
            has = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
            for variable, reference in references.items():
                if has.get(variable) != secret_values(reference["name"], "twin").get(reference["key"]):
                    found.append(f"{variable} in {name}")
    return found


def check_both_apps_work() -> None:
    """See that each app does with its database what it is for."""
    health = node_port("twin", TWIN_AIRBYTE.web) + "/api/v1/health"
    until("Airbyte healthy", lambda: ((seen := http(health)).status == 200, seen))
    dagster = Webserver(node_port("twin", TWIN_DAGSTER.web))
    until("webserver with the example job", lambda: (dagster.is_ready(), http(f"{dagster.address}/server_info")))
    assert dagster.wait(dagster.launch()) == "SUCCESS"
