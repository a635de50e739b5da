"""What the pods of Airbyte's official charts ask for is there, and what the launcher's pods ask for, in every stack."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.apps.airbyte.pins import AIRBYTE_CHART, AIRBYTE_TESTED
from tests.contract import airbyte_cases
from tests.contract.airbyte_cases import STACKS, VERSIONS
from tests.contract.surroundings import containers, missing, pods

HERE = Path(__file__).resolve().parent
FILES = tuple(sorted(file.stem for file in (HERE / "facts").glob("airbyte-*.json")))
NAMESPACE = "airbyte"
CERTIFICATE = "/etc/database-authority/ca.crt"
# Variables by which a container of Airbyte gets the database's password.
PASSWORDS = {"DATABASE_PASSWORD", "POSTGRES_PWD"}
# Keys of the chart's own Secret that pods may read: empty, or no credential.
HARMLESS = {
    "AB_INSTANCE_ADMIN_CLIENT_ID",
    "AB_INSTANCE_ADMIN_CLIENT_SECRET",
    "AB_INSTANCE_ADMIN_PASSWORD",
    "AB_JWT_SIGNATURE_SECRET",  # the four: empty, then the bootloader generates them
    "AIRBYTE_DUMMY_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",  # the two: empty, where pods assume a role
    "BUILDER_GITHUB_AIRBYTE_PAT_TOKEN",
    "CUSTOMERIO_API_KEY",
    "OPENAI_API_KEY_PROJ_FAILED_SYNC_ASSISTANT",
    "WORKLOAD_API_BEARER_TOKEN",  # 1.x only: a fixed text, read by parts of one release inside the cluster
}

Fields = dict[str, Any]


def recorded(file: str) -> dict[str, Fields]:
    """Facts of all cases of a file, in namespace `airbyte`."""
    text = (HERE / f"facts/{file}.json").read_text()
    return json.loads(text.replace("{namespace}", NAMESPACE))["cases"]


CASES = [(file, case) for file in FILES for case in recorded(file)]
each_case = pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}-{case}" for file, case in CASES])
VERIFIED = [it for it in CASES if "prod" in it[1]]
each_verified_case = pytest.mark.parametrize(
    ("file", "case"), VERIFIED, ids=[f"{file}-{case}" for file, case in VERIFIED]
)


def job(found: Fields) -> Fields:
    return found["launched"]["Pod/job"]["airbyte"]


def test_first_and_last_tested_version_of_each_major_are_recorded() -> None:
    assert set(FILES) == {f"airbyte-{version}" for versions in AIRBYTE_TESTED.values() for version in versions}
    assert AIRBYTE_CHART.version == VERSIONS[2]
    assert {major: last for major, (_, last) in AIRBYTE_TESTED.items()} == VERSIONS


def test_every_stack_is_recorded_with_every_chart_of_its_major() -> None:
    wanted = {(file, case) for file in FILES for case in STACKS if file.startswith(case[: len("airbyte-1")])}
    assert set(CASES) == wanted


@each_case
def test_all_that_pods_ask_for_is_there(file: str, case: str) -> None:
    found = recorded(file)[case]
    assert "Pod/job" in found["launched"]
    assert missing(found, airbyte_cases.surroundings(case, found)) == []


@pytest.mark.parametrize("case", STACKS)
def test_program_gives_the_recorded_values(case: str) -> None:
    """The facts are of these values; where the program gives others, they must be recorded again."""
    assert airbyte_cases.values(case) == yaml.safe_load((HERE / "values" / f"{case}.yaml").read_text())


@each_case
def test_no_fixed_credential_is_read(file: str, case: str) -> None:
    found = recorded(file)[case]
    own = {
        key
        for _, part, _ in containers(found)
        for reference in part.get("keys", {}).values()
        for name, _, key in [reference.partition("/")]
        if name in found["secrets"]
    }
    assert own <= HARMLESS


@each_case
def test_job_pods_have_what_the_launcher_has(file: str, case: str) -> None:
    """They are handed its variables, so what those name must be in them at the same path: the other way round of what
    `missing` shows, in case a path is no longer among the facts.
    """
    found = recorded(file)[case]
    told = job(found)
    storage = airbyte_cases.settings(case)["airbyte"].get("storage", {"kind": "minio"})
    kinds = {"minio": "minio", "s3": "s3", "s3-compatible": "minio", "gcs": "gcs"}
    assert told["values"]["STORAGE_TYPE"].lower() == kinds[storage["kind"]]
    if storage["kind"] == "gcs":
        path = told["values"]["GOOGLE_APPLICATION_CREDENTIALS"]
        assert path.rpartition("/")[0] in told["mounts"]
        assert path.rpartition("/")[2] == storage["credentials"]["jsonKey"]
    if storage["kind"] == "s3-compatible":
        assert told["values"]["MINIO_ENDPOINT"] == storage["endpoint"]
        assert not any("minio" in pod for pod in found["pods"]), "the chart's own MinIO runs beside"


@pytest.mark.parametrize("file", FILES)
def test_links_begin_with_the_url_of_the_stack(file: str) -> None:
    case = f"{file[: len('airbyte-1')]}-prod-operator"
    names = {"AIRBYTE_URL", "WEBAPP_URL"}
    told = [
        value
        for _, part, _ in containers(recorded(file)[case])
        for name, value in part.get("values", {}).items()
        if name in names
    ]
    assert set(told) == {airbyte_cases.settings(case)["airbyte"]["url"]}


@each_case
def test_temporal_uses_tls_where_the_program_does(file: str, case: str) -> None:
    given = recorded(file)[case]["pods"]["Deployment/airbyte-temporal"]["airbyte-temporal"]["values"]
    assert given["SKIP_DB_CREATE"] == "true"  # it would try CREATE DATABASE, which its role is refused
    # The program may name the databases: Kubernetes refuses the patch of a Deployment that has a variable twice.
    assert not {"DBNAME", "VISIBILITY_DBNAME"} & given.keys()
    url = airbyte_cases.values(case)["global"]["database"]
    assert (given.get("SQL_TLS_ENABLED", "false") == "true") is ("sslmode" in str(url))


@each_verified_case
def test_certificate_is_wherever_the_database_is_opened(file: str, case: str) -> None:
    found = recorded(file)[case]
    folder, _, key = CERTIFICATE.rpartition("/")
    opening = 0
    for pod, parts in pods(found):
        for name, part in parts.items():
            if name not in ("volumes", "pull secrets") and PASSWORDS & part.get("keys", {}).keys():
                source = parts["volumes"][part["mounts"][folder]]
                assert source == {"secret": "airbyte-database", "items": {key: key}, "optional": True}, pod
                opening += 1
    assert opening >= 3
    # A job's pod has the connection of the launcher, and the whole Secret at the same path.
    launched = found["launched"]["Pod/job"]
    assert launched["volumes"][job(found)["mounts"][folder]] == {"secret": "airbyte-database"}


@each_verified_case
def test_temporal_checks_the_certificate(file: str, case: str) -> None:
    given = recorded(file)[case]["pods"]["Deployment/airbyte-temporal"]["airbyte-temporal"]["values"]
    # The server, then the tool that sets up its schema.
    assert (given["SQL_TLS_ENABLED"], given["SQL_HOST_VERIFICATION"], given["SQL_CA"]) == ("true", "true", CERTIFICATE)
    assert (given["POSTGRES_TLS_ENABLED"], given["POSTGRES_TLS_CA_FILE"]) == ("true", CERTIFICATE)
    # Chart 2.x leaves the tool with the CA alone; 1.x lets it check the name, too.
    assert given.get("POSTGRES_TLS_DISABLE_HOST_VERIFICATION", "false") == (
        "true" if file.startswith("airbyte-2") else "false"
    )
