"""CrunchyData's CRD on a real API server: it takes what the program asks for, and the program takes its Secrets."""

import copy
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from components.apps.airbyte.settings import SECRET_ALIASES as AIRBYTE_ALIASES
from components.apps.dagster.settings import SECRET_ALIASES as DAGSTER_ALIASES
from components.servers.crunchydata import cluster
from components.servers.crunchydata.logins import ca_certificate, decoded, login_data, user_secret_name
from tests.sandbox.stack import Stack
from tests.support.cluster import described, get, kubectl, objects, run, secret_values, until
from tests.support.crunchydata import CRD_NAME, crd_path, existing_secret, user_secret
from tests.support.crunchydata_stacks import EVERYWHERE, postgres_cluster, servers, standalone
from tests.support.kinds import POSTGRES_CLUSTER
from tests.support.manifests import manifests
from tests.support.stacks import plan
from tests.unit.test_credentials import AWKWARD

NAMESPACE = f"crunchydata-{secrets.token_hex(3)}"
SERVERS = servers()
STRICT = ("--dry-run=server", "--validate=strict")
VERSIONS = ("v1beta1", "v1")


@pytest.fixture(scope="module", autouse=True)
def _crd(sandbox: Stack) -> Iterator[None]:
    """The CRD, established, and a namespace; both go at the end."""
    try:
        kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(crd_path()))
        # Not `kubectl wait`, which gives up on one that has no conditions yet.
        until("CRD established", _established, 60)
        kubectl("create", "namespace", NAMESPACE)
        yield
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")
        kubectl("delete", "crd", CRD_NAME, "--ignore-not-found")


def _established() -> tuple[bool, Any]:
    (crd,) = [crd for crd in objects("crd") if crd["metadata"]["name"] == CRD_NAME]
    conditions = crd.get("status", {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions), conditions


def written(item: dict[str, Any], folder: Path) -> str:
    """A file with this object, for kubectl."""
    file = folder / "object.json"
    file.write_text(json.dumps(item))
    return str(file)


def create(item: dict[str, Any], folder: Path) -> CompletedProcess[str]:
    """What the API server itself makes of an object, without storing it; unknown fields are errors.

    Straight to its address: kubectl checks by itself for as long as it has not seen that the server does.
    """
    path = f"/apis/{item['apiVersion']}/namespaces/{NAMESPACE}/postgresclusters?dryRun=All&fieldValidation=Strict"
    return run("kubectl", "create", "--raw", path, "--filename", written(item, folder))


def in_version(version: str, server: dict[str, Any]) -> dict[str, Any]:
    made = postgres_cluster(server, namespace=NAMESPACE)
    return made | {"apiVersion": f"{cluster.API_VERSION.partition('/')[0]}/{version}"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_cluster_is_accepted_with_strict_validation(version: str, tmp_path: Path) -> None:
    for server in SERVERS:
        done = create(in_version(version, server), tmp_path)
        assert done.returncode == 0, described(done)


def test_cluster_of_the_whole_program_is_accepted_by_server_side_apply(tmp_path: Path) -> None:
    stack = standalone(backups=EVERYWHERE, pooler={}, users={"reports": ["reports"]})
    (wanted,) = manifests(plan(**stack), lambda r: r.type == POSTGRES_CLUSTER)
    wanted["metadata"]["namespace"] = NAMESPACE
    file = written(wanted, tmp_path)
    said = kubectl("apply", "--server-side", "--field-manager=pulumi-kubernetes", *STRICT, "--filename", file)
    assert said.strip().endswith("serverside-applied (server dry run)")
    answer = json.loads(create(wanted, tmp_path).stdout)
    # Nothing is pruned: what is stored is what was asked for, and the schema's defaults.
    assert _without_what_is_new(answer["spec"], wanted["spec"]) == wanted["spec"]


def _without_what_is_new(stored: Any, wanted: Any) -> Any:
    if isinstance(stored, dict) and isinstance(wanted, dict):
        return {key: _without_what_is_new(value, wanted[key]) for key, value in stored.items() if key in wanted}
    if isinstance(stored, list) and isinstance(wanted, list) and len(stored) == len(wanted):
        return [_without_what_is_new(*pair) for pair in zip(stored, wanted, strict=True)]
    return stored


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("shards",), 2, 'unknown field "spec.shards"'),
        (("instances", 0, "volume"), {}, 'unknown field "spec.instances[0].volume"'),
        (("users", 0, "name"), "with_underscore", "spec.users[0].name"),
        (("postgresVersion",), 19, "spec.postgresVersion"),
        (("config", "parameters", "listen_addresses"), "*", "network connectivity is always enabled"),
        (("users", 0, "options"), "PASSWORD 'x'", "cannot assign password"),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused(path: tuple[Any, ...], value: Any, words: str, version: str, tmp_path: Path) -> None:
    wrong = copy.deepcopy(in_version(version, {}))
    *above, last = path
    part: Any = wrong["spec"]
    for key in above:
        part = part[key]
    part[last] = value
    done = create(wrong, tmp_path)
    assert done.returncode != 0, described(done)
    assert words in done.stderr, described(done)


@pytest.mark.parametrize("pgbouncer", [False, True], ids=["primary", "pgbouncer"])
@pytest.mark.parametrize("number", range(len(AWKWARD)))
def test_operators_secret_becomes_what_the_charts_want(number: int, pgbouncer: bool, tmp_path: Path) -> None:
    password, role = AWKWARD[number], f"reports-{number}-{'pooled' if pgbouncer else 'plain'}"
    aliases = {**AIRBYTE_ALIASES, **DAGSTER_ALIASES}
    theirs = user_secret("main", NAMESPACE, role, password, pgbouncer=pgbouncer)
    made = _secret(user_secret_name("main", role), {"stringData": theirs})
    kubectl("create", *STRICT[1:], "--filename", written(made, tmp_path))

    data = get("secret", user_secret_name("main", role), NAMESPACE)["data"]
    ours = login_data(decoded(data), secret_name=f"main-login-{role}", aliases=aliases, ca="certificate")
    kubectl("create", *STRICT[1:], "--filename", written(_secret(f"main-login-{role}", {"stringData": ours}), tmp_path))

    there = secret_values(f"main-login-{role}", NAMESPACE)
    assert there == ours
    assert {there[key] for key in ("password", "DATABASE_PASSWORD", "postgresql-password")} == {password}
    assert there["DATABASE_USER"] == there["username"] == role
    assert there["host"] == f"main-{'pgbouncer' if pgbouncer else 'primary'}.{NAMESPACE}.svc"


def test_ca_certificate_is_read_of_the_servers_secret(tmp_path: Path) -> None:
    data = existing_secret(f"{NAMESPACE}/main-cluster-cert", "private")
    kubectl("create", "--filename", written(_secret("main-cluster-cert", {"data": data}), tmp_path))
    found = ca_certificate(get("secret", "main-cluster-cert", NAMESPACE)["data"])
    assert found == secret_values("main-cluster-cert", NAMESPACE)["ca.crt"]


def _secret(name: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}, **content}
