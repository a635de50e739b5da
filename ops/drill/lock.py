"""One drill of a stack at a time: a Lease that is renewed while a drill runs, and expires after one that was killed."""

import getpass
import json
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops.clients.cluster import Cluster
from ops.clients.failure import Failure

LEASE = "lakehouse-drill"
"""Name of the Lease."""

_PATH = "/apis/coordination.k8s.io/v1/namespaces/{}/leases/{}"


@dataclass(frozen=True)
class Timing:
    """Of a Lease.

    Attributes:
        valid_seconds: how long it is valid after a renewal, and keeps others from a drill after one was killed.
        renewal_seconds: interval of renewals.
    """

    valid_seconds: int = 60
    renewal_seconds: int = 10


@contextmanager
def only_drill(cluster: Cluster, namespace: str, timing: Timing | None = None) -> Iterator[Callable[[], None]]:
    """Hold the Lease in a namespace.

    Args:
        cluster: the cluster.
        namespace: the namespace, always the same for a stack.
        timing: of the Lease.

    Yields:
        A function that raises `Failure` if another drill may have begun, since the Lease could not be renewed.

    Raises:
        Failure: another drill runs.
    """
    held = _Held(cluster, namespace, timing or Timing())
    ended = threading.Event()
    held.acquire()
    renewing = threading.Thread(target=held.renew_until, args=(ended,), daemon=True)
    renewing.start()
    try:
        yield held.check
    finally:
        ended.set()
        renewing.join()
        held.release()


class _Held:
    def __init__(self, cluster: Cluster, namespace: str, timing: Timing) -> None:
        self._cluster, self._namespace, self._timing = cluster, namespace, timing
        self._holder = f"{getpass.getuser()}@{socket.gethostname()}, process {os.getpid()}"
        self._begun = _text(_now())
        self._version: str | None = None
        self._renewed = _now()
        self._writing = threading.Lock()

    def acquire(self) -> None:
        found = self._cluster.get("lease", LEASE, self._namespace)
        if found is not None:
            self._refuse_if_valid(found)
            self._version = found["metadata"]["resourceVersion"]
        try:
            self._write()
        except Failure:
            # Somebody else was faster.
            found = self._cluster.get("lease", LEASE, self._namespace)
            if found is None or found["metadata"]["resourceVersion"] == self._version:
                raise
            raise self._running(found) from None

    def renew_until(self, ended: threading.Event) -> None:
        while not ended.wait(self._timing.renewal_seconds):
            with suppress(Failure), self._writing:
                self._write()

    def check(self) -> None:
        with self._writing:
            if (_now() - self._renewed).total_seconds() < self._timing.valid_seconds / 2:
                return
            try:
                self._write()
            except Failure as failure:
                raise Failure(f"this drill was interrupted, and another may have begun: {failure}") from failure

    def release(self) -> None:
        """Delete it, unless another drill has it by now."""
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"resourceVersion": self._version}}
        with suppress(Failure):
            path = _PATH.format(self._namespace, LEASE)
            self._cluster.run("delete", "--raw", path, "--filename=-", given=json.dumps(options))

    def _refuse_if_valid(self, found: dict[str, Any]) -> None:
        if _seconds_since(found) < self._timing.valid_seconds:
            raise self._running(found)
        # The clocks of two machines may differ: a drill that runs renews it in this time.
        time.sleep(2 * self._timing.renewal_seconds)
        again = self._cluster.get("lease", LEASE, self._namespace)
        if again is not None and again["metadata"]["resourceVersion"] != found["metadata"]["resourceVersion"]:
            raise self._running(again)

    def _running(self, found: dict[str, Any]) -> Failure:
        spec, since = found["spec"], _seconds_since(found)
        holder, begun = spec["holderIdentity"], spec["acquireTime"][:19]
        left = max(math.ceil(self._timing.valid_seconds - since), 1)
        return Failure(
            f"a drill of this stack has been running since {begun}Z: {holder}; its last sign of life was {since:.0f} s "
            f"ago. Wait for its end. If it was killed, try again in {left} s: the next drill removes what it has left"
        )

    def _write(self) -> None:
        """Create or renew it; the API server refuses that if somebody else has written it since."""
        now = _now()
        metadata = {"name": LEASE, "namespace": self._namespace}
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata if self._version is None else {**metadata, "resourceVersion": self._version},
            "spec": {
                "holderIdentity": self._holder,
                "leaseDurationSeconds": self._timing.valid_seconds,
                "acquireTime": self._begun,
                "renewTime": _text(now),
            },
        }
        verb = "create" if self._version is None else "replace"
        printed = self._cluster.run(verb, "--filename=-", "--output=json", given=json.dumps(lease))
        self._version, self._renewed = json.loads(printed)["metadata"]["resourceVersion"], now


def _now() -> datetime:
    return datetime.now(UTC)


def _text(time_: datetime) -> str:
    return time_.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _seconds_since(lease: dict[str, Any]) -> float:
    return (_now() - datetime.fromisoformat(lease["spec"]["renewTime"])).total_seconds()
