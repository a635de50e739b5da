"""The real Temporal for tests without a cluster: what its image runs, as a process of this machine."""

import contextlib
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.images.temporal import ENTRYPOINT
from sandbox.paths import Sandbox
from sandbox.up import tools_of

PORTS = (
    "FRONTEND_GRPC_PORT", "FRONTEND_MEMBERSHIP_PORT", "FRONTEND_HTTP_PORT", "MATCHING_GRPC_PORT",
    "MATCHING_MEMBERSHIP_PORT", "HISTORY_GRPC_PORT", "HISTORY_MEMBERSHIP_PORT", "WORKER_GRPC_PORT",
    "WORKER_MEMBERSHIP_PORT",
)  # fmt: skip
SERVES = "has its search attributes."
"""What the entrypoint prints last, when the server serves and the default namespace is made."""
SECONDS = 90


@dataclass(frozen=True)
class Outcome:
    """How a start went: whether Temporal serves, and all that was printed until then."""

    serves: bool
    printed: str


def programs() -> Path:
    """The folder of the built programs, and of the template of the configuration."""
    return tools_of(Sandbox.of(Path.cwd())).path("temporal-server").parent


def free_ports() -> Iterator[str]:
    """Ports on which nothing listens. Temporal stores them as `smallint`, so Linux's own choice is too high."""
    for port in random.sample(range(20000, 32768), 1000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            yield str(port)


def start(variables: Mapping[str, str], folder: Path) -> Outcome:
    """Start Temporal as in its container, with these variables alone, until it serves or ends; end it then."""
    with running(variables, folder) as outcome:
        return outcome


@contextmanager
def running(variables: Mapping[str, str], folder: Path) -> Iterator[Outcome]:
    """Temporal, started likewise, which runs within the block if it could."""
    (folder / "config").mkdir(parents=True)
    shutil.copy(programs() / "config_template.yaml", folder / "config")
    (folder / "dynamic.yaml").write_text("")
    ports = dict(zip(PORTS, free_ports(), strict=False))
    own = {
        "PATH": f"{programs()}:/usr/bin:/bin",
        "USER": "temporal",
        "BIND_ON_IP": "127.0.0.1",
        "TEMPORAL_ADDRESS": f"127.0.0.1:{ports['FRONTEND_GRPC_PORT']}",
        "DYNAMIC_CONFIG_FILE_PATH": "dynamic.yaml",
    }
    process = subprocess.Popen(
        # As in a container, nothing outlives the first process.
        ["unshare", "--pid", "--fork", "--kill-child", "sh", str(ENTRYPOINT)],
        cwd=folder, env={**own, **ports, **variables}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    late = threading.Timer(SECONDS, process.kill)
    late.start()
    printed: list[str] = []
    try:
        for line in process.stdout or ():
            printed.append(line)
            if SERVES in line:
                break
        # Its log is JSON.
        yield Outcome(bool(printed) and SERVES in printed[-1], "".join(printed).replace(r"\"", '"'))
    finally:
        late.cancel()
        process.kill()
        process.communicate()
