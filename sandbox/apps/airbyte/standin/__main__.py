"""Run one part of the stand-in: ``python -m standin server``."""

import importlib
import logging
import signal
import sys
from collections.abc import Callable
from types import FrameType

from standin import bootloader, server, services
from standin.settings import SettingError


def worker() -> None:
    """Run the only part that loads Temporal's library, which is large."""
    importlib.import_module("standin.worker").run()


PARTS: dict[str, Callable[[], None]] = {
    "bootloader": bootloader.run,
    "server": server.run,
    "worker": worker,
    "cron": services.cron,
    "workload-api-server": services.workload_api_server,
    "workload-launcher": services.workload_launcher,
    "manifest-server": services.manifest_server,
}


def stop(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing that a part does needs more than its open transaction rolled back."""
    sys.exit(0)


def main() -> int:
    """Run the part named by the only argument; a part that cannot start says why in one line and returns 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    signal.signal(signal.SIGTERM, stop)
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        print(f"usage: python -m standin {{{','.join(PARTS)}}}", file=sys.stderr)
        return 2
    try:
        PARTS[sys.argv[1]]()
    except SettingError as error:
        logging.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
