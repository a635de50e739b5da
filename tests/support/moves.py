"""Runs the scripts of a move between two servers of `tests.support.postgres`, as the Job does."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.postgres import ENVIRONMENT, UID, DatabaseServer

HOOKS = "/hooks"
"""Folder inside the root where a test puts programs in place of the image's."""


@dataclass(frozen=True)
class Admin:
    """An admin role."""

    name: str = "postgres"
    password: str = "admin"


SUPERUSER = Admin()


@dataclass(frozen=True)
class Mover:
    """A move of one role's databases from one server to another.

    Attributes:
        source: the server that they are moved from.
        target: the server that they are moved to.
        databases: names, one per line.
        run: id of the Job.
    """

    source: DatabaseServer
    target: DatabaseServer
    username: str = "airbyte"
    databases: str = "airbyte\ntemporal"
    source_admin: Admin = SUPERUSER
    target_admin: Admin = SUPERUSER
    run: str = "job-1"
    wait_seconds: int = 5
    target_ca: str = ""
    """File inside the root with the CA certificate for the target; without it, no TLS."""

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of the Job."""
        sides = {"SOURCE": (self.source, self.source_admin), "TARGET": (self.target, self.target_admin)}
        reached = {
            f"{side}_{name}": value
            for side, (server, admin) in sides.items()
            for name, value in {
                "HOST": "127.0.0.1",
                "PORT": str(server.port),
                "SSLMODE": "disable",
                "CA": "",
                "DATABASE": "postgres",
                "USER": admin.name,
                "PASSWORD": admin.password,
                "SECRET": f"Secret {side.lower()}-admin",
            }.items()
        }
        checked = {"TARGET_SSLMODE": "verify-full", "TARGET_CA": self.target_ca}
        return {
            **ENVIRONMENT,
            **reached,
            **(checked if self.target_ca else {}),
            "APP_USERNAME": self.username,
            "APP_DATABASES": self.databases,
            "RUN": self.run,
            "WAIT_SECONDS": str(self.wait_seconds),
            "GRACE_SECONDS": "0",
            "PROGRESS_SECONDS": "1",
        }

    def start(self, hooks: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a move in a process group of its own. `hooks` are scripts in place of the image's programs, which are
        in `$REAL`, and files beside them.
        """
        root = self.source.root
        environment = self.environment
        if hooks:
            folder = root.path / HOOKS.lstrip("/")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name, text in hooks.items():
                (folder / name).write_text(text)
                (folder / name).chmod(0o755)
                os.chown(folder / name, UID, UID)
            environment["PATH"] = f"{HOOKS}:{environment['PATH']}"
            environment["REAL"] = f"/usr/lib/postgresql/{ENVIRONMENT['PG_MAJOR']}/bin"
        return subprocess.Popen(
            root.command("sh", "/scripts/move.sh"),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def move(self, hooks: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a move to its end; its output, errors included, is in `stdout`."""
        process = self.start(hooks)
        output, _ = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, output)
