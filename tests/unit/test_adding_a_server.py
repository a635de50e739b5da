"""What docs/adding-a-server.md says: a new kind of server is a folder, one line, documentation and a stack file."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.stacks import ROOT

KIND = "harbor"
FOLDER = f"components/servers/{KIND}"
UNION = "components/servers/kinds.py"
LINE = f'    "{KIND}": Kind("components.servers.{KIND}", "HarborSettings", "HarborServer"),\n'
STACK_FILE = "Pulumi.prod-harbor.yaml"
SERVER = {"kind": KIND, "account": "lakehouse"}
PLAN = """
import json, sys
from tests.support.stacks import ROOT, config_of, plan_program
made = plan_program(config_of(ROOT / "Pulumi.prod-harbor.yaml"), "prod-harbor")
job = made.one("kubernetes:batch/v1:Job", "airbyte-database-bootstrap")
(container,) = job.pod["spec"]["containers"]
print(json.dumps([container["env"][0]["value"], [r.type for r in made.resources if "Harbor" in r.type]]))
"""


def run(project: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *argv], cwd=project, capture_output=True, text=True, check=False)


def stack_file(project: Path, server: Mapping[str, Any], **settings: Any) -> None:
    config = {"lakehouse:postgresql": {"mode": "standalone", "server": dict(server)}}
    config |= {f"lakehouse:{key}": value for key, value in settings.items()}
    (project / STACK_FILE).write_text(yaml.safe_dump({"config": config}))


def contents(project: Path) -> dict[str, bytes]:
    files = [path for path in project.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(project)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The project's files, copied, before the kind is added."""
    return contents(_copy(tmp_path_factory.mktemp("before")))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the made-up kind, added as the page says."""
    copy = _copy(tmp_path_factory.mktemp("project"))
    shutil.copytree(ROOT / "tests" / "support" / "made_up_server", copy / FOLDER, ignore=_no_caches)
    union = (copy / UNION).read_text()
    assert union.count("KINDS = {\n") == 1
    (copy / UNION).write_text(union.replace("KINDS = {\n", f"KINDS = {{\n{LINE}"))
    stack_file(copy, SERVER)
    done = run(copy, "-m", "stack.schema")
    assert done.returncode == 0, done.stderr
    return copy


def _no_caches(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__"}


def _copy(folder: Path) -> Path:
    parts = ("components", "stack", "tests/support", "tests/__init__.py", "docs", "sandbox/charts")
    files = ("__main__.py", "Pulumi.yaml", "README.md", "stack.schema.json")
    for part in (*parts, *files):
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=_no_caches)
        else:
            shutil.copyfile(source, target)
    return folder


def test_only_the_union_documentation_and_a_stack_file_change_outside_the_folder(
    project: Path, before: dict[str, bytes]
) -> None:
    after = contents(project)
    touched = {name for name in after if before.get(name) != after[name] and not name.startswith(FOLDER)}
    assert touched == {UNION, "README.md", "docs/servers.md", "stack.schema.json", STACK_FILE}
    changed = {line for line in after[UNION].decode().splitlines() if line not in before[UNION].decode().splitlines()}
    assert changed == {LINE.rstrip("\n")}


def test_program_runs_on_the_new_kind(project: Path) -> None:
    done = run(project, "-c", PLAN)
    assert done.returncode == 0, done.stderr
    host, components = json.loads(done.stdout)
    assert host == "lakehouse.harbor.example.com"
    assert components == ["lakehouse:postgres:HarborServer"]


def test_documentation_and_schema_have_the_new_kind(project: Path) -> None:
    assert "### `harbor`" in (project / "docs" / "servers.md").read_text()
    assert "HarborSettings" in json.loads((project / "stack.schema.json").read_text())["$defs"]


@pytest.mark.parametrize(
    ("server", "settings", "path", "allowed"),
    [
        ({"account": "L1"}, {}, "postgresql.server.account", "3 to 20 lower-case letters, such as lakehouse"),
        ({"acount": "x"}, {}, "postgresql.server.acount", "did you mean `account`?"),
        (
            {},
            {"dagster": {"database": {"username": "harbor_dagster"}}},
            "dagster.database.username",
            "a name that does not begin with harbor_",
        ),
        (
            {},
            {"airbyte": {"database": {"connectionLimit": 200}}},
            "airbyte.database.connectionLimit",
            "at most 100, the server's `maxConnections`",
        ),
    ],
    ids=["form", "misspelt", "reserved name", "rule"],
)
def test_mistakes_of_the_new_kind_are_refused(
    project: Path, server: dict[str, Any], settings: dict[str, Any], path: str, allowed: str
) -> None:
    stack_file(project, {**SERVER, **server}, **settings)
    try:
        done = run(project, "-c", PLAN)
    finally:
        stack_file(project, SERVER)
    assert done.returncode != 0
    assert f"lakehouse:{path}\n" in done.stderr
    assert allowed in done.stderr
