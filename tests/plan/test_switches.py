"""A stack with embedded servers that is switched to another server: what comes, goes and changes, as reviewed."""

import json
import os
from pathlib import Path

import pytest

from tests.support import crunchydata_stacks
from tests.support.changes import changes
from tests.support.recording import GENERATED
from tests.support.stacks import ROOT, STACK_FILES, config_of, plan_program
from tests.unit import test_existing

SWITCHES = Path(__file__).with_name("switches")
ACCEPT = "to accept it, type: make snapshots"
SERVER = "lakehouse:postgresql"
EMBEDDED = config_of(ROOT / "Pulumi.dev.yaml")


def _shared_servers() -> dict[str, str]:
    """What a stack file says of each kind of shared server, by kind: the first there is, or one of the tests'."""
    found: dict[str, str] = {}
    for text in (config_of(path)[SERVER] for path in STACK_FILES):
        if kind := json.loads(text).get("server", {}).get("kind"):
            found.setdefault(kind, text)
    given = {"crunchydata": crunchydata_stacks.standalone()["postgresql"], "existing": test_existing.standalone()}
    return {**{kind: json.dumps(postgresql) for kind, postgresql in given.items()}, **found}


SERVERS = _shared_servers()
each_kind = pytest.mark.parametrize("kind", SERVERS)


def switched(kind: str) -> str:
    before = plan_program(EMBEDDED, "dev")
    return changes(before, plan_program({**EMBEDDED, SERVER: SERVERS[kind]}, "dev"))


@each_kind
def test_switch_is_the_reviewed_one(kind: str) -> None:
    file = SWITCHES / f"{kind}.diff"
    now = switched(kind)
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        file.write_text(now)
    reviewed = file.read_text() if file.exists() else ""
    if now != reviewed:
        pytest.fail(f"the switch from embedded to {kind} is not the reviewed one\n{now}\n{ACCEPT}", pytrace=False)


def test_every_reviewed_switch_has_its_stack_file() -> None:
    assert {file.stem for file in SWITCHES.iterdir()} == set(SERVERS), ACCEPT


@each_kind
def test_switch_takes_the_embedded_servers_and_no_app_or_password(kind: str) -> None:
    lines = switched(kind).splitlines()
    gone = [line.removesuffix(" (kept)").rpartition(" ")[2] for line in lines if line.startswith("- ")]
    # A claim is retained: it goes out of the stack and stays in the cluster.
    assert gone.count("kubernetes:apps/v1:StatefulSet") == gone.count("kubernetes:core/v1:PersistentVolumeClaim") == 2
    assert not {"kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:Namespace"} & set(gone)
    assert not [line for line in lines if line.startswith("- ") and "-database-password" in line]
    assert not [line for line in lines if GENERATED in line]


def test_no_change_is_no_line() -> None:
    assert changes(plan_program(EMBEDDED, "dev"), plan_program(EMBEDDED, "dev")) == ""


def test_what_changes_is_told_with_old_and_new_value() -> None:
    grown = {**EMBEDDED, "lakehouse:dagster": json.dumps({"database": {"embedded": {"storageSize": "16Gi"}}})}
    told = changes(plan_program(EMBEDDED, "dev"), plan_program(grown, "dev"))
    assert told == (
        "~ lakehouse/dagster-postgresql/dagster-postgresql-data kubernetes:core/v1:PersistentVolumeClaim\n"
        "    spec.resources.requests.storage: 8Gi -> 16Gi\n"
    )
