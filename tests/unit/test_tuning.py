"""PostgreSQL's settings follow the size of the container, stay within it, and are written so that it reads them."""

import re
from itertools import pairwise

import pytest
from pydantic import ValidationError

from components.postgres.tuning import GiB, MiB, ParameterValue, derive, render
from components.servers.embedded.settings import EmbeddedSettings
from tests.support.kinds import CONFIG_MAP
from tests.support.stacks import plan

MEMORIES = [256 * MiB * 2**step for step in range(11)]
CONNECTIONS = [20, 25, 100, 500, 2000]
GROWING = ("shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem", "wal_buffers")

# One line of postgresql.conf, as PostgreSQL's own lexer reads it (guc-file.l).
LINE = re.compile(r"([a-z_][\w.]*) = (?:'((?:[^'\\\n]|\\.|'')*)'|(-?[\d.]+(?:e-?\d+)?)|(on|off))")


def size(value: ParameterValue) -> int:
    """Bytes of `1024kB`."""
    assert isinstance(value, str)
    assert value.endswith("kB")
    return int(value.removesuffix("kB")) * 1024


def read(text: str) -> dict[str, str]:
    """Values of a `postgresql.conf` as the server would take them."""
    values = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        assert match is not None, line
        quoted = match[2]
        if quoted is not None:
            quoted = quoted.replace("''", "'")
            quoted = re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), quoted)
        values[match[1]] = next(value for value in (quoted, match[3], match[4]) if value is not None)
    return values


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("name", GROWING)
def test_more_memory_never_means_less(name: str, connections: int) -> None:
    sizes = [size(derive(memory=memory, connections=connections, cpu_limit=2000)[name]) for memory in MEMORIES]
    assert all(smaller <= larger for smaller, larger in pairwise(sizes))
    assert sizes[0] < sizes[-1]


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("memory", MEMORIES)
def test_memory_suffices(memory: int, connections: int) -> None:
    derived = derive(memory=memory, connections=connections, cpu_limit=2000)
    shared, work, maintenance = (size(derived[name]) for name in ("shared_buffers", "work_mem", "maintenance_work_mem"))
    assert shared == memory // 4
    assert shared < size(derived["effective_cache_size"]) < memory
    assert work >= MiB
    # As many connections as the settings allow, each with one sort, and three autovacuum workers.
    if connections <= memory // (10 * MiB):
        assert shared + connections * work + 3 * maintenance <= memory
    assert derived["max_connections"] == connections
    # PostgreSQL's own upper limit of a size in kB.
    assert max(shared, work, maintenance) // 1024 <= 2**31 - 1
    assert maintenance <= 2 * GiB


@pytest.mark.parametrize("memory", MEMORIES)
def test_wal_leaves_half_of_the_smallest_volume_to_the_data(memory: int) -> None:
    derived = derive(memory=memory, connections=20, cpu_limit=2000)
    most, least = size(derived["max_wal_size"]), size(derived["min_wal_size"])
    assert 2 * 16 * MiB <= least <= most <= 16 * GiB
    settings = {"memory": f"{memory // MiB}Mi", "maxConnections": 20}
    EmbeddedSettings.model_validate({**settings, "storageSize": f"{2 * most // MiB}Mi"})
    with pytest.raises(ValidationError):
        EmbeddedSettings.model_validate({**settings, "storageSize": f"{2 * most // MiB - 1}Mi"})


@pytest.mark.parametrize("cpu_limit", [10, 500, 1000, 1999, 4000, 256_000])
def test_parallel_workers_follow_the_cpu_limit(cpu_limit: int) -> None:
    derived = derive(memory=GiB, connections=100, cpu_limit=cpu_limit)
    gather, workers, processes = (
        derived[f"max_{name}"] for name in ("parallel_workers_per_gather", "parallel_workers", "worker_processes")
    )
    assert 1 <= int(gather) <= int(workers) <= int(processes)
    assert workers == max(cpu_limit // 1000, 1)


def test_durability_is_never_touched() -> None:
    derived = derive(memory=GiB, connections=100, cpu_limit=2000)
    for name in ("fsync", "full_page_writes", "synchronous_commit", "wal_level", "zero_damaged_pages"):
        assert name not in derived
    written = read(plan().one(CONFIG_MAP, "dagster-postgresql-config").inputs["data"]["postgresql.conf"])
    assert not {"fsync", "full_page_writes", "synchronous_commit"} & written.keys()


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "on"), (False, "off"), (0, "0"), (-1, "-1"), (1.1, "1.1"), (0.9, "0.9"), (1e-05, "1e-05")],
)
def test_numbers_and_booleans_are_bare(value: ParameterValue, text: str) -> None:
    assert render({"x": value}) == f"x = {text}\n"


@pytest.mark.parametrize(
    "value",
    ["", "16MB", "it's", "''", "back\\slash", "\\", "\\'", "$user, public", "%m # no comment", "two\nlines", "ü"],
)
def test_text_is_read_as_it_was_written(value: str) -> None:
    text = render({"b": value, "a.b": 1})
    assert text.startswith("a.b = 1\nb = '")
    assert text.count("\n") == 2
    assert read(text)["b"] == value


def test_server_is_given_the_derived_settings_and_those_of_the_config() -> None:
    embedded = {"memory": "4Gi", "maxConnections": 200, "parameters": {"work_mem": "8MB", "jit": False}}
    changed = plan(dagster={"database": {"embedded": embedded}})
    written = read(changed.one(CONFIG_MAP, "dagster-postgresql-config").inputs["data"]["postgresql.conf"])
    assert written["shared_buffers"] == f"{GiB // 1024}kB"
    assert written["max_connections"] == "200"
    assert written["work_mem"] == "8MB"
    assert written["jit"] == "off"
    assert written["listen_addresses"] == "*"
    assert written["password_encryption"] == "scram-sha-256"
    assert written["hba_file"] == "/etc/postgresql/pg_hba.conf"
