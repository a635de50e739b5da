"""What the pods of Dagster's official chart ask for is there: every Secret key, and the database's host and port."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.dagster_values import SECRET_ALIASES, dagster_values, with_database_authority
from components.endpoint import Endpoint, TlsMode
from components.postgres.credentials import secret_data
from tests.contract.surroundings import Surroundings, containers, missing

HERE = Path(__file__).resolve().parent
FILES = ("dagster-1.13",)
NAMESPACES = ("dagster", "lakehouse")  # a namespace per app, or one for both

CERTIFICATE = "/etc/database-authority/ca.crt"
# The variable by which a container of Dagster gets the database's password.
PASSWORD = "DAGSTER_PG_PASSWORD"
# Leaves of the program's values that no recorded fact depends on.
IRRELEVANT = ("annotations",)


def cases() -> list[tuple[str, str]]:
    return [(file, case) for file in FILES for case in json.loads((HERE / f"facts/{file}.json").read_text())["cases"]]


CASES = pytest.mark.parametrize(("file", "case"), cases(), ids=[case for _, case in cases()])


def recorded(file: str, case: str, namespace: str = "dagster") -> dict[str, Any]:
    """Facts of a case in a namespace."""
    text = json.dumps(json.loads((HERE / f"facts/{file}.json").read_text())["cases"][case])
    return json.loads(text.replace("{namespace}", namespace))


def values(case: str) -> dict[str, Any]:
    return yaml.safe_load((HERE / "values" / f"{case}.yaml").read_text())


def endpoint(case: str) -> Endpoint:
    if case.endswith(("tls", "verified")):
        tls = TlsMode.VERIFY_FULL if case.endswith("verified") else TlsMode.REQUIRE
        return Endpoint("db.example.com", 6432, "dagster", "dagster", "dagster-database", tls)
    return Endpoint("dagster-postgresql", 5432, "dagster", "dagster", "dagster-database", TlsMode.DISABLE)


def programs_values(case: str) -> dict[str, Any]:
    where = endpoint(case)
    ours = dagster_values(endpoint=where, client_image="postgres:17.11-trixie", rotation="r")
    return with_database_authority(ours, where)


def surroundings(case: str, namespace: str) -> Surroundings:
    where = endpoint(case)
    certificate = "a certificate" if where.tls is TlsMode.VERIFY_FULL else None
    keys = set(secret_data(where, "password", SECRET_ALIASES, certificate))
    return Surroundings(namespace, {where.secret_name: keys}, {str(where.host): {where.port}})


@CASES
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_all_that_pods_ask_for_is_there(file: str, case: str, namespace: str) -> None:
    found = recorded(file, case, namespace)
    assert list(containers(found))
    assert missing(found, surroundings(case, namespace)) == []


@CASES
def test_database_is_where_the_endpoint_says(file: str, case: str) -> None:
    found, where = recorded(file, case), endpoint(case)
    storages = [storage for name, storage in found["instance"].items() if name.endswith("storage")]
    for storage in storages:
        place = (storage["hostname"], storage["port"], storage["db_name"], storage["username"])
        assert place == (where.host, where.port, where.database, where.username)
    waiting = [part["waits for"] for _, part, _ in containers(found) if "waits for" in part]
    assert len(storages) == 3
    assert waiting
    assert all(it == {"host": where.host, "port": str(where.port), "user": where.username} for it in waiting)


VERIFIED = [c for c in cases() if endpoint(c[1]).tls is TlsMode.VERIFY_FULL]


def test_every_chart_is_recorded_with_a_checked_certificate() -> None:
    assert {file for file, _ in VERIFIED} == set(FILES)


@pytest.mark.parametrize(("file", "case"), VERIFIED, ids=str)
def test_certificate_is_wherever_the_database_is_opened(file: str, case: str) -> None:
    folder, _, key = CERTIFICATE.rpartition("/")
    opening = 0
    for who, part, volumes in containers(recorded(file, case)):
        if PASSWORD in part.get("keys", {}):
            secret = {"secret": endpoint(case).secret_name, "items": {key: key}, "optional": True}
            assert volumes[part["mounts"][folder]] == secret, who
            opening += 1
    assert opening >= 3


@pytest.mark.parametrize(("file", "case"), VERIFIED, ids=str)
def test_runs_have_the_certificate_at_the_same_path(file: str, case: str) -> None:
    instance = recorded(file, case)["instance"]
    folder, _, key = CERTIFICATE.rpartition("/")
    secret = endpoint(case).secret_name
    assert [storage["params"]["sslrootcert"] for name, storage in instance.items() if name.endswith("storage")] == [
        CERTIFICATE
    ] * 3
    (volume,) = instance["run_volumes"]
    assert volume["secret"] == {"secretName": secret, "items": [{"key": key, "path": key}], "optional": True}
    assert [(it["name"], it["mountPath"]) for it in instance["run_mounts"]] == [(volume["name"], folder)]


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
