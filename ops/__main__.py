"""`python -m ops`: one command so far."""

import argparse
import signal
import sys
from pathlib import Path

from ops.clients.failure import Failure
from ops.drill.run import drill

ROOT = Path(__file__).parents[1]


def main(arguments: list[str]) -> int:
    """Run a command; returns the exit status: 0 if all is well, 1 if a drill has failed, 2 if it could not be held."""
    parser = argparse.ArgumentParser(prog="python -m ops")
    commands = parser.add_subparsers(dest="command", required=True)
    about = "restore a stack's backup sets into namespaces of their own, ask the apps what they know, remove everything"
    held = commands.add_parser("drill", help=about)
    held.add_argument("--stack", required=True, help="the stack whose sets are restored")
    held.add_argument("--set", default="newest", help="name of a set, such as 20260131T020000Z (the newest proven one)")
    held.add_argument("--config-file", type=Path, help="its stack file (Pulumi.<stack>.yaml)")
    given = parser.parse_args(arguments)
    # Ended by a scheduler, too, it removes what it has created.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return 0 if drill(ROOT, given.stack, wanted=given.set, config_file=given.config_file) else 1
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
