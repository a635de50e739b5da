"""Many more workers of Dagster than the server has connections for, through two pods of the pooler as they run."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from components.postgres.pooler.pgbouncer import PgBouncerSettings
from tests.bench.measure import Ratio
from tests.support.dagster.environment import python
from tests.support.network import Network, loopback
from tests.support.pgbouncer import in_front_of
from tests.support.postgres import DatabaseServer, Root, pooler_image, unpacked_image

WORKERS, PROCESSES = 1000, 4
CONNECTIONS = 20
SETTINGS = PgBouncerSettings()
"""What a stack file with `pooler: {}` has."""
SHORT, WHOLE = 60, 600
"""Seconds."""
LOGIN = {"username": "dagster", "password": "bench"}
DATABASE = "dagster"
HERE = Path(__file__).parent
CREATE_TABLES = "import os, dagster_postgres.storage as s; s.DagsterPostgresStorage(os.environ['STORAGE_URL'])"


def measure(seconds: int) -> list[Ratio]:
    """Statements that failed, server connections at the most, and the share of local ports in TIME_WAIT."""
    what = f"{WORKERS} workers on {CONNECTIONS} connections"
    print(f"workers: {what}, {SETTINGS.instances} pods of PgBouncer, {seconds} s", file=sys.stderr, flush=True)
    with loopback() as network, unpacked_image(network.prefix) as root, _server(root) as server, ExitStack() as pods:
        # Over the loopback, alone, Linux uses ports in TIME_WAIT again after a second.
        subprocess.run([*network.prefix, "sh", "-c", "echo 0 >/proc/sys/net/ipv4/tcp_tw_reuse"], check=True)
        ports = [pods.enter_context(_pod(server, network)) for _ in range(SETTINGS.instances)]
        seen = _work(server, network, ports, seconds)
        local_ports = network.local_ports
    failed = seen.failed.total()
    print(f"  {seen.answered} statements answered in {seen.seconds:.0f} s, {failed} failed", file=sys.stderr)
    for error, times in seen.failed.most_common(5):
        print(f"  {times} times: {error.replace(chr(10), ' ')}", file=sys.stderr)
    return [
        Ratio(f"{what}: failed / answered", failed / 1000, seen.answered / 1000, "thousand", 0, False),
        Ratio(f"{what}: open / allowed", seen.connections, CONNECTIONS, "at most", 1, False),
        Ratio(f"{what}: ports in TIME_WAIT / all", seen.time_wait, local_ports, "at most", 1, False),
    ]


@dataclass(frozen=True)
class _Seen:
    seconds: float
    answered: int
    failed: Counter[str]
    connections: int
    time_wait: int


@contextmanager
def _server(root: Root) -> Iterator[DatabaseServer]:
    """A server with Dagster's role, database and tables."""
    server = DatabaseServer.on_free_port(root, "workers")
    assert server.prepare("admin").returncode == 0
    server.start()
    try:
        done = server.bootstrap(admin_password="admin", scram_iterations="1", databases=DATABASE, **LOGIN)
        assert done.returncode == 0, done.stderr
        subprocess.run([*root.prefix, python(), "-c", CREATE_TABLES], env=_storage(server.port), check=True)
        yield server
    finally:
        server.stop()


@contextmanager
def _pod(server: DatabaseServer, network: Network) -> Iterator[int]:
    """A pod of the pooler with its part of the connections; yields its port."""
    size = CONNECTIONS // SETTINGS.instances
    with (
        pooler_image(network.prefix) as root,
        in_front_of(server, root, SETTINGS, iterations=1, pool_size=size, databases=[DATABASE], **LOGIN) as pooler,
    ):
        yield pooler.port


def _storage(port: int) -> dict[str, str]:
    url = f"postgresql://{LOGIN['username']}:{LOGIN['password']}@127.0.0.1:{port}/{DATABASE}"
    return {**os.environ, "STORAGE_URL": url}


def _work(server: DatabaseServer, network: Network, ports: list[int], seconds: int) -> _Seen:
    command = [*network.prefix, str(python()), str(HERE / "dagster_worker.py"), str(WORKERS // PROCESSES), str(seconds)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        of_each = [_storage(ports[number % len(ports)]) for number in range(PROCESSES)]
        processes = [stack.enter_context(subprocess.Popen(command, env=env, **pipes)) for env in of_each]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        connections = stack.enter_context(_connections(server))
        begin = time.monotonic()
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        time_wait = 0
        while any(process.poll() is None for process in processes):
            time_wait = max(time_wait, network.time_wait)
            time.sleep(1)
        took = time.monotonic() - begin
        counts = [json.loads(process.stdout.read()) for process in processes]
        open_at_once = connections()
    failed: Counter[str] = sum((Counter(count["failed"]) for count in counts), Counter())
    return _Seen(took, sum(count["answered"] for count in counts), failed, open_at_once, time_wait)


@contextmanager
def _connections(server: DatabaseServer) -> Iterator[Callable[[], int]]:
    """Watches the server's connections; yields what says how many there were at the most."""
    flags = ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-p", str(server.port), "-U", "postgres", "-d", "postgres"]
    psql = server.root.command("psql", *flags)
    with TemporaryFile("w+") as counts, (HERE / "connections.sql").open() as sql:

        def most() -> int:
            counts.seek(0)
            return max(int(line) for line in counts.read().splitlines() if line)

        environment = dict(server.root.environment)
        with subprocess.Popen(psql, env=environment, stdin=sql, stdout=counts) as watcher:
            try:
                yield most
                assert watcher.poll() is None, "psql has ended"
            finally:
                watcher.terminate()
