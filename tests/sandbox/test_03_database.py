"""The database pods at work: how they are confined and set up, and what they survive."""

import os
import signal
import subprocess

from tests.sandbox.commits import counting, lost
from tests.sandbox.deployments import TWIN_AIRBYTE, TWIN_DAGSTER, App
from tests.sandbox.host import first_process
from tests.sandbox.owned import OwnedStack
from tests.support.cluster import DatabasePod, described, http, kubectl, node_port, start, until

UNCLEAN = "database system was not properly shut down"


def test_server_runs_as_nobody_special(app: App) -> None:
    lines = app.pod.output("cat", "/proc/1/status").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert status["Name"] == "postgres"
    assert status["Uid"].split() == ["999"] * 4
    assert status["Gid"].split() == ["999"] * 4
    assert {name: int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == dict.fromkeys(
        ("CapEff", "CapPrm", "CapBnd", "CapAmb"), 0
    )
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"  # a filter


def test_root_file_system_is_read_only(app: App) -> None:
    refused = app.pod.exec("touch", "/written", "/usr/bin/written", "/etc/postgresql/written")
    assert refused.returncode != 0
    assert refused.stderr.count("Read-only file system") == 3, described(refused)
    app.pod.output("sh", "-c", "touch /tmp/written && rm /tmp/written")


def test_no_service_account_token_is_mounted(app: App) -> None:
    mounts = app.pod.output("cat", "/proc/self/mounts")
    assert "serviceaccount" not in mounts
    assert app.pod.exec("ls", "/var/run/secrets/kubernetes.io").returncode != 0
    # The step before the server reads the admin's password; the server itself has no need of it.
    assert app.pod.exec("ls", "/run/secrets/admin").returncode != 0


def test_server_is_set_up_for_its_memory(app: App) -> None:
    names = "data_checksums server_encoding lc_collate shared_buffers effective_cache_size wal_level fsync"
    names += " synchronous_commit full_page_writes password_encryption"
    sql = f"SELECT name, setting FROM pg_settings WHERE name IN ({', '.join(repr(n) for n in names.split())})"  # noqa: S608
    pages = app.memory * 2**20 // 8192
    assert dict(app.pod.rows(sql)) == {
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "shared_buffers": str(pages // 4),
        "effective_cache_size": str(pages * 3 // 4),
        "wal_level": "replica",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "password_encryption": "scram-sha-256",
    }
    assert app.pod.value("SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert app.pod.value("SELECT version()").startswith("PostgreSQL 17.")


def test_container_has_limits_and_three_probes(app: App) -> None:
    pod = app.pod.object()
    assert pod is not None
    (container,) = pod["spec"]["containers"]
    assert container["resources"]["limits"]["memory"] == {512: "512Mi", 1024: "1Gi", 3072: "3Gi"}[app.memory]
    assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"]
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
    assert pod["spec"]["terminationGracePeriodSeconds"] > 120


def test_kill_9_of_the_server_loses_no_acknowledged_row(twin: OwnedStack) -> None:
    app = TWIN_DAGSTER
    uid, restarted = app.pod.wait_ready()["metadata"]["uid"], restarts(app.pod)
    with counting(app) as commits:
        commits.wait_for_more(200)
        os.kill(first_process(app.pod, "postgres"), signal.SIGKILL)
        until("server restarted", lambda: ((n := restarts(app.pod)) > restarted, n))
        app.pod.wait_ready()
        commits.wait_for_more(100)

    assert lost(app, commits) == set()
    assert app.pod.wait_ready()["metadata"]["uid"] == uid
    assert restarts(app.pod) == restarted + 1
    assert UNCLEAN in kubectl("logs", "--namespace", app.namespace, app.pod.name)
    app.pod.rows("DROP TABLE commits")


def test_deleted_pod_shuts_down_properly_and_comes_back(twin: OwnedStack) -> None:
    app = TWIN_AIRBYTE
    health = node_port(app.namespace, app.web) + "/api/v1/health"
    until("Airbyte healthy", lambda: ((seen := http(health)).status == 200, seen))
    uid = app.pod.wait_ready()["metadata"]["uid"]
    with counting(app) as commits:
        commits.wait_for_more(100)
        follow = ["kubectl", "logs", "--follow", "--namespace", app.namespace, app.pod.name]
        with start(*follow, stdout=subprocess.PIPE) as following:
            kubectl("delete", "pod", "--namespace", app.namespace, app.pod.name, "--wait=false")
            until("Airbyte not healthy", lambda: ((seen := http(health)).status == 503, seen))
            last_words, _ = following.communicate(timeout=150)
        commits.wait_for_more(100)
    app.pod.wait_ready(other_than=uid)

    assert lost(app, commits) == set()
    assert "received fast shutdown request" in last_words
    assert "database system is shut down" in last_words
    for container in ("prepare", "postgresql"):
        said = kubectl("logs", "--namespace", app.namespace, app.pod.name, "--container", container)
        assert UNCLEAN not in said
    assert restarts(app.pod) == 0
    until("Airbyte healthy again", lambda: ((seen := http(health)).status == 200, seen))
    app.pod.rows("DROP TABLE commits")


def restarts(pod: DatabasePod) -> int:
    """How often the server's container was started again."""
    found = pod.object()
    statuses = found["status"].get("containerStatuses", []) if found else []
    return sum(status["restartCount"] for status in statuses)
