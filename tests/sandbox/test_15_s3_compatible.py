"""Airbyte and its backup sets on an S3 server that somebody else runs: a MinIO that neither chart nor program made."""

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.images import age
from sandbox.images.cache import versions
from tests.sandbox.deployments import STACK_FILES
from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Stack
from tests.sandbox.test_18_backups import run as make_set
from tests.sandbox.test_19_restore import names, restore
from tests.support.backups import tool_root
from tests.support.cluster import DatabasePod, kubectl, objects, ok, run, until

SERVER, AIRBYTE = "objects-server", "objects-airbyte"
DATABASE = DatabasePod(AIRBYTE, "airbyte-airbyte-postgresql-0", "airbyte", "airbyte")
OBJECT = "/data/lake/workload/output/stand-in"
KEYS = {"access-key": "MINIO_ROOT_USER", "secret-key": "MINIO_ROOT_PASSWORD"}


def start_server(password: str) -> None:
    """Start the server, and put its access key into a Secret in Airbyte's namespace."""
    documents = list(yaml.safe_load_all(Path(__file__).with_name("minio.yaml").read_text()))
    by_kind = {document["kind"]: document for document in documents}
    by_kind["Secret"]["stringData"]["MINIO_ROOT_PASSWORD"] = password
    container = by_kind["Pod"]["spec"]["containers"][0]
    container |= {"image": f"docker.io/minio/minio:{versions()['airbyte']['minio']}", "imagePullPolicy": "Never"}
    key = by_kind["Secret"]["stringData"]
    documents += [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": AIRBYTE}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "lake-key", "namespace": AIRBYTE},
            "stringData": {name: key[source] for name, source in KEYS.items()},
        },
    ]
    ok("kubectl", "apply", "--filename=-", input=yaml.safe_dump_all(documents))
    ok("kubectl", "wait", "--namespace", SERVER, "--for=condition=Ready", "pod/minio", "--timeout=120s")


@pytest.fixture(scope="module")
def password() -> str:
    return secrets.token_hex(20)


@pytest.fixture(scope="module")
def private_key() -> str:
    """A private key of age; its public key is in a comment."""
    with tool_root(age.ROOTFS) as root:
        return root.run("age-keygen").stdout


@pytest.fixture(scope="module")
def deployed(
    sandbox: Stack, password: str, private_key: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnedStack]:
    """The stack of `objects.yaml`, deployed."""
    folder = tmp_path_factory.mktemp("objects")
    with OwnedStack(STACK_FILES / "objects.yaml", folder, [AIRBYTE, SERVER]) as owned:
        start_server(password)
        owned.stack.set("backups.encryption.recipients", re.findall("age1[0-9a-z]+", private_key))
        owned.settle()
        yield owned


def test_airbyte_writes_its_objects_to_the_server_and_reads_them_back(deployed: OwnedStack) -> None:
    until("an object", lambda: ((r := run("kubectl", *in_server("ls", OBJECT))).returncode == 0, r.stderr), 120)
    for app in ("worker", "workload-launcher"):
        log = kubectl("logs", "--namespace", AIRBYTE, f"deployment/airbyte-{app}")
        assert "the storage answers" in log
        assert "the storage does not answer" not in log


def in_server(*argv: str) -> tuple[str, ...]:
    return ("exec", "--namespace", SERVER, "minio", "--", *argv)


def test_chart_runs_no_minio_of_its_own(deployed: OwnedStack) -> None:
    names = [
        item["metadata"]["name"] for kind in ("statefulsets", "pods", "services") for item in objects(kind, AIRBYTE)
    ]
    assert names
    assert [name for name in names if "minio" in name] == []


def test_access_key_is_in_its_secret_alone(deployed: OwnedStack, password: str) -> None:
    seen = deployed.stack.export() + "".join(
        kubectl("get", kind, "--namespace", AIRBYTE, "--output=yaml") for kind in ("pods", "deployments", "configmaps")
    )
    for word in (password, base64.b64encode(password.encode()).decode()):
        assert word not in seen


def test_sets_are_stored_in_the_bucket_encrypted(deployed: OwnedStack) -> None:
    how, log = make_set(deployed, DATABASE)
    assert how == "Complete", log
    bucket, _, folder = deployed.stack.outputs()["airbyte"]["backupSets"].removeprefix("store:").partition("/")
    assert (bucket, folder.split("/")[:2]) == ("lake", ["sets", "nightly"])
    (name,) = kubectl(*in_server("ls", f"/data/{bucket}/{folder}")).split()
    stored = kubectl(*in_server("ls", f"/data/{bucket}/{folder}/{name}")).split()
    # The manifest has no rows, and stays readable for those who choose a set.
    assert {"PROVEN", "SHA256SUMS", "databases", "manifest.json", "secrets.enc.age"} <= set(stored)
    assert "secrets.enc" not in stored
    dumped = kubectl(*in_server("ls", f"/data/{bucket}/{folder}/{name}/databases/1")).split()
    assert dumped and all(file.endswith(".age") for file in dumped), dumped


def test_a_set_is_restored_from_the_bucket_with_the_private_key(deployed: OwnedStack, private_key: str) -> None:
    how, log = restore(deployed, DATABASE, INTO="beside")
    assert how == "Failed"
    assert f"the Secret {AIRBYTE}/airbyte-database-identity with a private key does not exist" in log
    options = ("--from-file=identity=/dev/stdin", "--namespace", AIRBYTE)
    kubectl("create", "secret", "generic", "airbyte-database-identity", *options, input=private_key)
    how, log = restore(deployed, DATABASE, INTO="beside")
    assert how == "Complete", log
    beside = sorted(each for each in names(DATABASE) if "_restored_" in each)
    assert [each.split("_restored_")[0] for each in beside] == ["airbyte", "temporal", "temporal_visibility"]
    counted = "SELECT count(*) FROM actor_definition"
    assert DATABASE.value(counted, database=beside[0]) == DATABASE.value(counted)
    assert not [line for line in private_key.splitlines() if line.startswith("AGE-SECRET-KEY") and line in log]


def test_a_set_that_is_cut_short_in_the_bucket_is_refused(deployed: OwnedStack) -> None:
    *_, folder = deployed.stack.outputs()["airbyte"]["backupSets"].partition(":")
    before = names(DATABASE)
    kubectl(*in_server("sh", "-c", f"rm -r /data/{folder}/*/databases/1/toc.dat.age"))
    how, log = restore(deployed, DATABASE)
    assert how == "Failed"
    assert "is damaged" in log
    assert names(DATABASE) == before


def test_next_up_changes_nothing(deployed: OwnedStack) -> None:
    assert deployed.stack.up().check().changes == []
