"""Clients that connect for each query, as Dagster does: directly, and through the pooler as its pods run it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from components.postgres.pooler.pgbouncer import PgBouncerSettings
from tests.bench.measure import Ratio, in_turn
from tests.support.pgbouncer import in_front_of
from tests.support.postgres import DatabaseServer, Root, pooler_image, unpacked_image

CONNECTIONS = 60
POOL = 20
FEW, MANY = 20, 500
"""Clients that the server survives without a pooler, and clients that it does not."""
SECONDS = 10
ROUNDS = 3
LOGIN = {"username": "dagster", "password": "bench", "databases": ["dagster"]}


def measure() -> list[Ratio]:
    """Queries a second of a number of clients that the server survives; prints what happens to many more."""
    print(f"pool: {FEW} and {MANY} clients, server with {CONNECTIONS} connections, {SECONDS} s each", file=sys.stderr)
    with unpacked_image() as root, pooler_image() as pooler_root, _server(root) as server:
        settings = PgBouncerSettings(max_client_connections=2 * MANY)
        with in_front_of(server, pooler_root, settings, iterations=1, pool_size=POOL, **LOGIN) as pooler:
            for name, port in (("direct", server.port), ("pooled", pooler.port)):
                print(f"  {MANY} clients {name}: {_clients(root, port, MANY)}", file=sys.stderr, flush=True)
            few = {"pooled": pooler.port, "direct": server.port}
            rates = in_turn(
                ROUNDS, {name: lambda port=port: _clients(root, port, FEW).rate for name, port in few.items()}
            )
    return [Ratio(f"{FEW} clients, a connection for each query: pooled / direct", *rates, "queries/s", 6, True)]


@dataclass(frozen=True)
class _Seen:
    rate: float
    lost: int

    def __str__(self) -> str:
        return f"{self.rate:.0f} queries/s, {self.lost} clients gave up at an error"


@contextmanager
def _server(root: Root) -> Iterator[DatabaseServer]:
    server = DatabaseServer.on_free_port(root, "pool")
    assert server.prepare("admin").returncode == 0
    server.start(max_connections=str(CONNECTIONS))
    try:
        app = {**LOGIN, "databases": "dagster", "scram_iterations": "1"}
        done = server.bootstrap(admin_password="admin", **app)  # pyright: ignore[reportArgumentType] - texts
        assert done.returncode == 0, done.stderr
        (root.path / "volume" / "one.sql").write_text("SELECT 1;\n")
        yield server
    finally:
        server.stop()


def _clients(root: Root, port: int, clients: int) -> _Seen:
    """pgbench, which connects for each query; a client ends at its first error."""
    flags = ["-n", "-C", "-f", "/volume/one.sql", "-c", str(clients), "-j", "2", "-T", str(SECONDS)]
    place = ["-h", "127.0.0.1", "-p", str(port), "-U", "dagster", "dagster"]
    command = root.command("pgbench", *flags, *place)
    env = {**root.environment, "PGPASSWORD": "bench"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    rate = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert rate is not None, done.stderr
    return _Seen(float(rate[1]), done.stderr.count("aborted") or done.stderr.count("too many"))
