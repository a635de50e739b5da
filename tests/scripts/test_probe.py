"""probe.sh and stop.sh: a server that is starting, running, and gone."""

import signal

from tests.support.postgres import DatabaseServer


def probe(server: DatabaseServer, question: str) -> int:
    env = {"PGPORT": str(server.port), "PGDATA": server.pgdata}
    return server.root.run("sh", "/scripts/probe.sh", question, env=env).returncode


def test_a_running_server_is_alive_and_ready(server: DatabaseServer) -> None:
    server.prepare("first")
    server.start()
    assert (probe(server, "alive"), probe(server, "ready")) == (0, 0)


def test_a_server_in_recovery_is_alive_but_not_ready(server: DatabaseServer) -> None:
    server.prepare("first")
    # A standby without a primary stays in recovery.
    (server.folder / "standby.signal").touch()
    with (server.folder / "postgresql.auto.conf").open("a") as conf:
        conf.write("hot_standby = off\nrestore_command = 'false'\nprimary_conninfo = ''\n")
    server.start(wait=False)
    for _ in range(100):
        if probe(server, "alive") == 0:
            break
    assert (probe(server, "alive"), probe(server, "ready")) == (0, 1)


def test_a_dead_server_is_neither(server: DatabaseServer) -> None:
    server.prepare("first")
    server.start()
    server.stop(signal.SIGKILL)
    assert (probe(server, "alive"), probe(server, "ready")) == (1, 1)


def test_an_unknown_question_is_an_error(server: DatabaseServer) -> None:
    server.prepare("first")
    server.start()
    assert probe(server, "happy") == 2


def test_stop_does_not_wait_for_clients_and_loses_nothing(server: DatabaseServer) -> None:
    server.prepare("first")
    server.start()
    server.psql("CREATE TABLE one AS SELECT 1 AS n")
    env = {"PGDATA": server.pgdata, "STOP_TIMEOUT_SECONDS": "30"}

    done = server.root.run("sh", "/scripts/stop.sh", env=env)
    assert done.returncode == 0, done.stderr
    assert "database system is shut down" in server.log()
    assert server.process is not None
    server.process.wait(timeout=10)
    server.start()
    assert server.psql("SELECT n FROM one") == "1"
    assert "not properly shut down" not in server.log()
