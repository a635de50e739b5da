"""Command line of the sandbox: ``python -m sandbox up|down|status|shell|reboot|extra``."""

import argparse
import os
import signal
import sys
import time

from sandbox import enter, environment, extra, host, status, teardown
from sandbox import up as upping
from sandbox.cluster import Cluster
from sandbox.locks import exclusive
from sandbox.paths import PACKAGE, Sandbox
from sandbox.steps import Progress, SandboxError


def main() -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sandbox = Sandbox.of(PACKAGE.parent)
    try:
        return _run(arguments, sandbox)
    except SandboxError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again to continue.", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace, sandbox: Sandbox) -> int:
    host.check()
    progress = Progress(sandbox.logs)
    command = arguments.command
    if command == "shell":
        return _shell(sandbox, arguments.argv)
    if command == "status":
        return status.show(sandbox, progress, upping.tools_of(sandbox))
    started = time.monotonic()
    with exclusive(sandbox.checkout):
        if command == "up":
            upping.up(sandbox, progress, cluster_only=arguments.cluster_only)
        elif command == "extra":
            extra.add(sandbox, upping.tools_of(sandbox), progress)
        elif command == "reboot":
            teardown.reboot(Cluster(sandbox, upping.tools_of(sandbox)), progress)
        else:
            teardown.down(sandbox, progress)
    progress.say(f"\n{command}: {time.monotonic() - started:.0f} s")
    return 0


def _shell(sandbox: Sandbox, argv: list[str]) -> int:
    program = argv[1:] if argv[:1] == ["--"] else argv
    if not program:
        rc = PACKAGE / "cluster" / "shellrc.sh"
        program = ["bash", "--rcfile", str(rc), "-i"]
        print("pulumi, kubectl and helm use the sandbox's cluster. Leave with exit.")
    command = enter.command(sandbox, program)
    os.execvpe(command[0], command, {**os.environ, **environment.variables(sandbox)})  # noqa: S606 - no shell wanted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A real single-node Kubernetes for trying and testing the project."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it and deploy both apps; skips completed steps")
    up.add_argument("--cluster-only", action="store_true", help="deploy nothing")
    commands.add_parser("down", help="remove it, but not the cache")
    commands.add_parser("status", help="show pods, addresses and files")
    commands.add_parser("reboot", help="cut the node's power and start it again")
    more = commands.add_parser("extra", help="add an option to a running sandbox that only some tests need")
    more.add_argument("name", choices=extra.EXTRAS)
    shell = commands.add_parser("shell", help="a shell in it, or one command: shell -- COMMAND ARGUMENTS")
    shell.add_argument("argv", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(main())
