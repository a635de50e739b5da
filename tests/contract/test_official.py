"""What the official charts' pods ask for is there: every Secret key, and the database's host and port."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.airbyte_values import SECRET_ALIASES as AIRBYTE_ALIASES
from components.airbyte_values import airbyte_values
from components.airbyte_values import with_database_authority as airbyte_with_authority
from components.dagster_values import SECRET_ALIASES as DAGSTER_ALIASES
from components.dagster_values import dagster_values
from components.dagster_values import with_database_authority as dagster_with_authority
from components.endpoint import Endpoint, TlsMode
from components.object_storage import S3, AccessKey, Gcs, Minio, ObjectStorage
from components.postgres.credentials import secret_data

HERE = Path(__file__).resolve().parent
FILES = ("airbyte-2.2.0", "airbyte-1.8.5", "dagster-1.13")
NAMESPACES = ("own", "lakehouse")  # a namespace per app, or one for both

STORAGES: dict[str, ObjectStorage] = {
    "minio": Minio(),
    "s3": S3("eu-central-1", "lake", AccessKey("airbyte-s3", "access-key", "secret-key")),
    "gcs": Gcs("project", "lake", "airbyte-gcs", "key.json"),
}
STORAGE_KEYS = {
    "airbyte-object-storage": {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
    "airbyte-s3": {"access-key", "secret-key"},
    "airbyte-gcs": {"key.json"},
}
# Keys of the chart's own Secret that pods may read: empty, or no credential.
HARMLESS = {
    "AB_INSTANCE_ADMIN_CLIENT_ID",
    "AB_INSTANCE_ADMIN_CLIENT_SECRET",
    "AB_INSTANCE_ADMIN_PASSWORD",
    "AB_JWT_SIGNATURE_SECRET",  # the four: empty, then the bootloader generates them
    "AIRBYTE_DUMMY_SECRET",
    "BUILDER_GITHUB_AIRBYTE_PAT_TOKEN",
    "CUSTOMERIO_API_KEY",
    "OPENAI_API_KEY_PROJ_FAILED_SYNC_ASSISTANT",
    "WORKLOAD_API_BEARER_TOKEN",  # 1.x only: a fixed text, read by parts of one release inside the cluster
}
CERTIFICATE = "/etc/database-authority/ca.crt"
JDBC_PARAMETERS = {
    TlsMode.DISABLE: "",
    TlsMode.REQUIRE: "?sslmode=require",
    TlsMode.VERIFY_FULL: f"?sslmode=verify-full&sslrootcert={CERTIFICATE}",
}
OF_A_POD = ("volumes", "pull secrets")  # what a pod has beside its containers
# Variables by which a container of Airbyte or Dagster gets the database's password.
PASSWORDS = {"DATABASE_PASSWORD", "POSTGRES_PWD", "DAGSTER_PG_PASSWORD"}
# Leaves of the program's values that no recorded fact depends on.
IRRELEVANT = ("podAnnotations", "annotations", "volumeClaimValue")


def cases() -> list[tuple[str, str]]:
    return [(file, case) for file in FILES for case in json.loads((HERE / f"facts/{file}.json").read_text())["cases"]]


CASES = pytest.mark.parametrize(("file", "case"), cases(), ids=[case for _, case in cases()])


def recorded(file: str, case: str, namespace: str) -> dict[str, Any]:
    """Facts of a case in one namespace layout."""
    text = json.dumps(json.loads((HERE / f"facts/{file}.json").read_text())["cases"][case])
    return json.loads(text.replace("{namespace}", file.partition("-")[0] if namespace == "own" else namespace))


def values(case: str) -> dict[str, Any]:
    return yaml.safe_load((HERE / "values" / f"{case}.yaml").read_text())


def endpoint(case: str) -> Endpoint:
    app = case.partition("-")[0]
    if case.endswith(("s3", "tls", "verified")):
        tls = TlsMode.VERIFY_FULL if case.endswith("verified") else TlsMode.REQUIRE
        return Endpoint("db.example.com", 6432, app, app, f"{app}-database", tls)
    host = "airbyte-airbyte-postgresql" if app == "airbyte" else "dagster-postgresql"
    return Endpoint(host, 5432, app, app, f"{app}-database", TlsMode.DISABLE)


def programs_values(case: str) -> dict[str, Any]:
    where = endpoint(case)
    if case.startswith("dagster"):
        ours = dagster_values(endpoint=where, client_image="postgres:17.11-trixie", rotation="r")
        return dagster_with_authority(ours, where)
    _, major, storage, *_ = case.split("-")
    ours = airbyte_values(
        major=int(major),
        endpoint=where,
        storage=STORAGES[storage],
        storage_secret="airbyte-object-storage",
        rotation="r",
    )
    return airbyte_with_authority(ours, int(major), where)


def containers(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every container of the chart's pods, and of those that the app starts by itself."""
    for pod, parts in {**found["pods"], **found["launched"]}.items():
        yield from ((f"{pod} {name}", part) for name, part in parts.items() if name not in OF_A_POD)


def volumes(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for pod, parts in {**found["pods"], **found["launched"]}.items():
        yield from ((f"{pod} {name}", source) for name, source in parts.get("volumes", {}).items())


def authority(case: str) -> str | None:
    """The certificate that the database Secret holds, where the case checks the server against one."""
    return "a certificate" if endpoint(case).tls is TlsMode.VERIFY_FULL else None


def provided(file: str, case: str, found: dict[str, Any]) -> dict[str, set[str]]:
    """Every Secret that is there, with its keys: the program's, the chart's, and that which the bootloader makes."""
    aliases = AIRBYTE_ALIASES if case.startswith("airbyte") else DAGSTER_ALIASES
    there = {endpoint(case).secret_name: set(secret_data(endpoint(case), "password", aliases, authority(case)))}
    there |= STORAGE_KEYS
    there |= {name: set(keys) for name, keys in found["secrets"].items()}
    if file == "airbyte-1.8.5":  # its bootloader has the names of the keys built in
        there["airbyte-auth-secrets"] = {"jwt-signature-secret", "dataplane-client-id", "dataplane-client-secret"}
    for _, part in containers(found):
        made = part.get("values", {})
        if "AB_KUBERNETES_SECRET_NAME" in made:
            there[made["AB_KUBERNETES_SECRET_NAME"]] = {v for k, v in made.items() if k.endswith("_SECRET_KEY")}
    return there


@CASES
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_secret_key_is_there(file: str, case: str, namespace: str) -> None:
    found = recorded(file, case, namespace)
    there = provided(file, case, found)
    asked = [(who, key) for who, part in containers(found) for key in part.get("keys", {}).values()]
    asked += [
        (who, f"{source['secret']}/{key}")
        for who, source in volumes(found)
        if "secret" in source
        for key in source.get("items", {}).values()
    ]
    assert asked
    missing = [
        f"{who} reads {reference}"
        for who, reference in asked
        for name, _, key in [reference.partition("/")]
        if not key.endswith("?") and key not in there.get(name, set())
    ]
    assert missing == []


@CASES
def test_whole_secrets_are_there(file: str, case: str) -> None:
    found = recorded(file, case, "own")
    there = provided(file, case, found)
    whole = [name for _, part in containers(found) for name in part.get("whole", [])]
    whole += [source["secret"] for _, source in volumes(found) if "secret" in source]
    assert [name for name in whole if not name.endswith("?") and name not in there] == []


@CASES
def test_no_fixed_credential_is_read(file: str, case: str) -> None:
    found = recorded(file, case, "own")
    own = {
        key
        for _, part in containers(found)
        for reference in part.get("keys", {}).values()
        for name, _, key in [reference.partition("/")]
        if name in found["secrets"]
    }
    assert own <= HARMLESS


@CASES
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_database_is_where_the_endpoint_says(file: str, case: str, namespace: str) -> None:
    found, where = recorded(file, case, namespace), endpoint(case)
    hosts = {"DATABASE_HOST": where.host, "POSTGRES_SEEDS": where.host}
    ports = {"DATABASE_PORT": str(where.port), "DB_PORT": str(where.port)}
    name = f"{where.database}{JDBC_PARAMETERS[where.tls]}"
    url = f"jdbc:postgresql://{where.host}:{where.port}/{name}"
    expected = {**hosts, **ports, "DATABASE_DB": name, "DATABASE_URL": url, "CONFIG_DATABASE_REPLICA_URL": url}
    seen = 0
    for _, part in containers(found):
        given = {name: value for name, value in part.get("values", {}).items() if name in expected}
        assert given == {name: expected[name] for name in given}
        waits = part.get("waits for")
        assert waits in (None, {"host": where.host, "port": str(where.port), "user": where.username})
        seen += len(given) + bool(waits)
    for name, storage in found.get("instance", {}).items():
        if name.endswith("storage"):
            place = (storage["hostname"], storage["port"], storage["db_name"], storage["username"])
            assert place == (where.host, where.port, where.database, where.username)
            seen += 1
    assert seen


@pytest.mark.parametrize(("file", "case"), [c for c in cases() if c[0].startswith("airbyte")], ids=str)
def test_temporal_uses_tls_where_the_endpoint_does(file: str, case: str) -> None:
    given = recorded(file, case, "own")["pods"]["Deployment/airbyte-temporal"]["airbyte-temporal"]["values"]
    assert (given.get("SQL_TLS_ENABLED", "false") == "true") is (endpoint(case).tls is not TlsMode.DISABLE)


VERIFIED = [c for c in cases() if endpoint(c[1]).tls is TlsMode.VERIFY_FULL]


def test_every_chart_is_recorded_with_a_checked_certificate() -> None:
    assert {file for file, _ in VERIFIED} == set(FILES)


@pytest.mark.parametrize(("file", "case"), VERIFIED, ids=str)
def test_certificate_is_wherever_the_database_is_opened(file: str, case: str) -> None:
    found = recorded(file, case, "own")
    opening = 0
    for pod, parts in found["pods"].items():
        for name, part in parts.items():
            if name in OF_A_POD or not PASSWORDS & part.get("keys", {}).keys():
                continue
            folder, _, key = CERTIFICATE.rpartition("/")
            volume = part["mounts"][folder]
            secret = {"secret": endpoint(case).secret_name, "items": {key: key}, "optional": True}
            assert parts["volumes"][volume] == secret, pod
            opening += 1
    assert opening >= 3


@pytest.mark.parametrize(("file", "case"), VERIFIED, ids=str)
def test_pods_that_an_app_starts_have_the_certificate_at_the_same_path(file: str, case: str) -> None:
    found = recorded(file, case, "own")
    folder, _, key = CERTIFICATE.rpartition("/")
    secret = endpoint(case).secret_name
    if case.startswith("dagster"):
        instance = found["instance"]
        assert [storage["params"]["sslrootcert"] for name, storage in instance.items() if name.endswith("storage")] == [
            CERTIFICATE
        ] * 3
        (volume,) = instance["run_volumes"]
        assert volume["secret"] == {"secretName": secret, "items": [{"key": key, "path": key}], "optional": True}
        assert [(it["name"], it["mountPath"]) for it in instance["run_mounts"]] == [(volume["name"], folder)]
    else:
        launcher = found["pods"]["Deployment/airbyte-workload-launcher"]["airbyte-workload-launcher-container"][
            "values"
        ]
        prefix = "CONTAINER_ORCHESTRATOR_DATA_PLANE_CREDS_SECRET"
        assert (launcher[f"{prefix}_NAME"], launcher[f"{prefix}_MOUNT_PATH"]) == (secret, folder)


@pytest.mark.parametrize(("file", "case"), [c for c in VERIFIED if c[0].startswith("airbyte")], ids=str)
def test_temporal_checks_the_certificate(file: str, case: str) -> None:
    given = recorded(file, case, "own")["pods"]["Deployment/airbyte-temporal"]["airbyte-temporal"]["values"]
    # The server, then the tool that sets up its schema.
    assert (given["SQL_TLS_ENABLED"], given["SQL_HOST_VERIFICATION"], given["SQL_CA"]) == ("true", "true", CERTIFICATE)
    assert (given["POSTGRES_TLS_ENABLED"], given["POSTGRES_TLS_CA_FILE"]) == ("true", CERTIFICATE)
    # Chart 2.x leaves the tool with the authority alone; 1.x lets it check the name, too.
    assert given.get("POSTGRES_TLS_DISABLE_HOST_VERIFICATION", "false") == (
        "true" if file == "airbyte-2.2.0" else "false"
    )


@pytest.mark.parametrize(("file", "case"), [c for c in cases() if c[0].startswith("airbyte")], ids=str)
def test_temporal_makes_no_database(file: str, case: str) -> None:
    """It would try CREATE DATABASE on those that are there, which a role without CREATEDB is refused."""
    given = recorded(file, case, "own")["pods"]["Deployment/airbyte-temporal"]["airbyte-temporal"]["values"]
    assert given["SKIP_DB_CREATE"] == "true"


@CASES
def test_program_gives_the_recorded_values(file: str, case: str) -> None:
    """The facts are of these values; where the program gives others, they must be recorded again."""
    program = leaves(programs_values(case))
    given = {
        path: value for path, value in leaves(values(case)).items() if not path.startswith("dagster-user-deployments")
    }
    assert {path: program.get(path) for path in given} == given
    more = [path for path in program if path not in given and not any(word in path for word in IRRELEVANT)]
    assert more == []


def leaves(tree: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        path = f"{above}.{key}" if above else key
        below: dict[str, Any] = value if isinstance(value, dict) else {}
        found |= leaves(below, path) if below else {path: value}
    return found
