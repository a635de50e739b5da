"""When a failover did what: events of one primary's failure, in seconds since it. All clocks are this machine's."""

import json
import subprocess
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.sandbox.commits import Commits
from tests.sandbox.postgres_cluster import GROUP, PostgresCluster
from tests.support.cluster import kubectl, start, until

EVENTS = ("noticed", "elected", "promoted", "endpoint", "connected", "streaming", "commit")
"""The operator sees the failure, and names another primary; a server accepts writes, promoted or started again; the
Service leads to it; a client has connected; a standby streams, without which no commit is acknowledged; one is.
"""
HEADER = f"{'failure':<16}{'primary':<14}{''.join(f'{name:>11}' for name in EVENTS)}{'no writes':>11}"

_READY = "database system is ready to accept connections"
# A standby streams to the end of the old timeline first, and then from where the new one begins.
_STREAMING = ("started streaming WAL from primary", "restarted WAL streaming")


@dataclass
class Failover:
    """One failure of a primary.

    Attributes:
        failure: what was done.
        primary: the pod that failed.
        began: when, in seconds since 1970.
        seconds: the longest time without an acknowledged commit.
        events: those of `EVENTS` that were seen, in seconds since it began.
    """

    failure: str
    primary: str
    began: float
    seconds: float = 0
    events: Mapping[str, float] = field(default_factory=dict[str, float])

    def __str__(self) -> str:
        times = "".join(f"{self.events[name]:11.1f}" if name in self.events else f"{'-':>11}" for name in EVENTS)
        return f"{self.failure:<16}{self.primary:<14}{times}{self.seconds:11.1f}"


Lines = list[tuple[float, list[str]]]
"""What was printed, as words, and when, in seconds since 1970."""


@contextmanager
def observed(cluster: PostgresCluster, commits: Commits, failure: str) -> Generator[Failover]:
    """Observe a failure of the primary, which the block begins with, until its end, when commits go on."""
    where = ("--namespace", cluster.namespace)
    status = "--output=jsonpath={.status.targetPrimary} {.status.readyInstances}{'\\n'}"
    service = f"--selector=kubernetes.io/service-name={cluster.name}-rw"
    ready = "--output=jsonpath=ready {.endpoints[*].conditions.ready}{'\\n'}"
    with (
        _watching(f"clusters.{GROUP}", cluster.name, *where, status) as clusters,
        _watching("endpointslices", service, *where, ready) as endpoints,
    ):
        until("both watches", lambda: (bool(clusters and endpoints), (clusters, endpoints)))
        found = Failover(failure, cluster.primary().name, time.time())
        yield found
    offset = time.time() - time.monotonic()
    begin, end = (when + offset for when in commits.longest_gap(found.began - offset))
    lost = [when for when, words in endpoints if when >= found.began and "true" not in words]
    times = {
        "noticed": [when for when, words in clusters if words != clusters[0][1]],
        "elected": [when for when, (target, *_) in clusters if target not in {found.primary, "pending"}],
        "promoted": _logged(cluster, found.began, _READY),
        "endpoint": [when for when, words in endpoints if lost and when > lost[0] and "true" in words],
        "connected": [when + offset for when in commits.connected if when + offset > begin],
        "streaming": [when for when in _logged(cluster, found.began, *_STREAMING) if when <= end][-1:],
        "commit": [end],
    }
    found.seconds = end - begin
    after = {name: [when - found.began for when in some if when >= found.began] for name, some in times.items()}
    found.events = {name: min(some) for name, some in after.items() if some}


def _logged(cluster: PostgresCluster, since: float, *messages: str) -> list[float]:
    """When PostgreSQL of any instance logged a message that contains one of these."""
    begin = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    where = ("--namespace", cluster.namespace, "--selector", cluster.instances, "--container=postgres")
    lines = kubectl("logs", *where, "--tail=-1", f"--since-time={begin}").splitlines()
    found = [json.loads(line) for line in lines if any(message in line for message in messages)]
    # PostgreSQL's own time: the operator's `ts` is when it read the line.
    times = [entry["record"]["log_time"] for entry in found if "record" in entry]
    return sorted(datetime.strptime(time, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC).timestamp() for time in times)


@contextmanager
def _watching(kind: str, *arguments: str) -> Generator[Lines]:
    process = start("kubectl", "get", kind, *arguments, "--watch", stdout=subprocess.PIPE)
    lines: Lines = []
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        yield lines
    finally:
        process.kill()
        process.wait()
        reader.join()


def _read(process: "subprocess.Popen[str]", lines: Lines) -> None:
    for line in process.stdout or ():
        lines.append((time.time(), line.split()))
