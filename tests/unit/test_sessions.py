"""The commands that people paste: what a shell makes of them, and what then runs in the pod."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.sessions import ClientSession, PodSession

# Prints its arguments, each ended by a zero byte, and then its input: what kubectl would hand on.
KUBECTL = """#!/bin/sh
printf '%s\\0' "$@"
cat
"""
# Prints what reaches the program in the pod.
CLIENT = """#!/bin/sh
echo "$0 $*" | sed 's,.*/,,'
env | grep ^PG | sort
cat
"""
SECRET = {
    "host": "db.example.com",
    "port": "6432",
    "database": "lake",
    "username": "user",
    "password": "p w'\"$x`y",
}
IMAGE = "registry.example.com:5000/library/postgres:17.11-trixie"
SESSION = ClientSession("apps", IMAGE)


def endpoint(tls: TlsMode = TlsMode.VERIFY_FULL) -> Endpoint:
    return Endpoint("db.example.com", 6432, "lake", "user", "lake.database", tls)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder of programs that stand first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in {"kubectl": KUBECTL, "psql": CLIENT, "pg_dump": CLIENT}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def paste(command: str, bin_folder: Path) -> tuple[list[str], str]:
    """Arguments and input that kubectl gets when somebody pastes the command; a file of the dump is read back."""
    env = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    cwd = bin_folder.parent
    done = subprocess.run(
        ["bash", "-c", command], env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    dump = cwd / "lake.sql"
    *arguments, given = (dump.read_text() if dump.exists() else done.stdout).split("\0")
    return arguments, given


def in_the_pod(arguments: list[str], given: str, bin_folder: Path) -> list[str]:
    """What the container's command prints, its environment being the Secret's keys and the pod's variables."""
    (spec,) = overrides(arguments)["spec"]["containers"]
    assert spec["envFrom"] == [{"secretRef": {"name": "lake.database"}}]
    variables = {it["name"]: it["value"] for it in spec["env"]}
    env = {"PATH": f"{bin_folder}:{os.environ['PATH']}", **SECRET, **variables}
    command = arguments[arguments.index("--") + 1 :]
    done = subprocess.run(command, env=env, input=given, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def overrides(arguments: list[str]) -> dict[str, Any]:
    (found,) = (word.removeprefix("--overrides=") for word in arguments if word.startswith("--overrides="))
    return json.loads(found)


@pytest.mark.parametrize(
    ("command", "flags", "name", "given"),
    [("psql", "-it", "lake-database-psql", ""), ("pg_dump", "-i", "lake-database-pg-dump", "\n")],
)
def test_client_runs_in_a_pod_of_its_own(command: str, flags: str, name: str, given: str, bin_folder: Path) -> None:
    arguments, stdin = paste(getattr(SESSION, command)(endpoint()), bin_folder)
    assert arguments[:5] == ["run", name, "-n", "apps", flags]
    assert {"--rm", "--quiet", "--restart=Never", f"--image={IMAGE}", "--override-type=strategic"} <= {*arguments[5:]}
    assert arguments[-5:-1] == ["--command", "--", "sh", "-c"]
    assert stdin == given


@pytest.mark.parametrize("command", ["psql", "pg_dump"])
def test_client_is_told_the_database_by_the_secret(command: str, bin_folder: Path) -> None:
    arguments, given = paste(getattr(SESSION, command)(endpoint()), bin_folder)
    assert in_the_pod(arguments, given, bin_folder) == [
        f"{command} ",
        "PGDATABASE=lake",
        "PGHOST=db.example.com",
        f"PGPASSWORD={SECRET['password']}",
        "PGPORT=6432",
        "PGSSLMODE=verify-full",
        "PGSSLROOTCERT=/etc/database-authority/ca.crt",
        "PGUSER=user",
    ]


@pytest.mark.parametrize("tls", [TlsMode.DISABLE, TlsMode.REQUIRE])
def test_client_has_no_certificate_where_none_is_checked(tls: TlsMode, bin_folder: Path) -> None:
    arguments, _ = paste(SESSION.psql(endpoint(tls)), bin_folder)
    spec = overrides(arguments)["spec"]
    (container,) = spec["containers"]
    assert container["env"] == [{"name": "PGSSLMODE", "value": tls.value}]
    assert "volumes" not in spec
    assert "volumeMounts" not in container


def test_client_has_the_certificate_alone_beside_its_variables(bin_folder: Path) -> None:
    arguments, _ = paste(SESSION.psql(endpoint()), bin_folder)
    spec = overrides(arguments)["spec"]
    (container,) = spec["containers"]
    # By this name, the strategic merge finds the container that `kubectl run` makes.
    assert container["name"] == arguments[1]
    (volume,) = spec["volumes"]
    items = [{"key": "ca.crt", "path": "ca.crt"}]
    assert volume["secret"] == {"secretName": "lake.database", "items": items, "optional": True}
    (mount,) = container["volumeMounts"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], "/etc/database-authority")


def test_client_may_run_in_a_strict_namespace(bin_folder: Path) -> None:
    arguments, _ = paste(SESSION.psql(endpoint()), bin_folder)
    spec = overrides(arguments)["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_dump_waits_until_its_output_is_read(bin_folder: Path) -> None:
    arguments, given = paste(SESSION.pg_dump(endpoint()), bin_folder)
    command = arguments[arguments.index("--") + 1 :]
    env = {"PATH": f"{bin_folder}:{os.environ['PATH']}", **SECRET}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=0.5)
        out, _ = waiting.communicate(given)
    assert out.startswith("pg_dump ")


def test_server_in_a_pod_needs_no_password(bin_folder: Path) -> None:
    session = PodSession("apps", "server-0")
    arguments, _ = paste(session.psql(endpoint(TlsMode.DISABLE)), bin_folder)
    assert arguments == ["exec", "-it", "-n", "apps", "server-0", "--", "psql", "-U", "user", "-d", "lake"]
    arguments, _ = paste(session.pg_dump(endpoint(TlsMode.DISABLE)), bin_folder)
    assert arguments == ["exec", "-n", "apps", "server-0", "--", "pg_dump", "-U", "user", "lake"]
