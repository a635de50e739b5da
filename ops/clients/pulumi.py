"""The Pulumi command line: a stack's settings, and a stack of its own in a folder that is thrown away."""

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ops.clients.commands import logged, output
from stack.load import decode

PROJECT = "lakehouse"
_QUIET = ("--non-interactive", "--color=never")


def settings(root: Path, stack: str, config_file: Path | None) -> dict[str, Any]:
    """A stack's settings without encrypted ones, as `stack.check.check` takes them.

    Args:
        root: folder of the program.
        stack: the stack.
        config_file: its stack file, if it has another name than Pulumi expects.

    Raises:
        Failure: there is no such stack.
    """
    command = ["pulumi", "config", "--json", "--stack", stack, "--cwd", str(root), *_QUIET]
    printed = output([*command, *([] if config_file is None else ["--config-file", str(config_file)])])
    config = {key: str(entry["value"]) for key, entry in json.loads(printed).items() if "value" in entry}
    return decode(config, PROJECT)


@dataclass(frozen=True)
class ThrowAway:
    """A stack whose state is in a folder of its own, so that it neither reads nor changes any other stack.

    Attributes:
        root: folder of the program.
        name: name of the stack.
        folder: an empty folder, for its state, its stack file and its log.
    """

    root: Path
    name: str
    folder: Path
    passphrase: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    @property
    def file(self) -> Path:
        """Its stack file."""
        return self.folder / f"Pulumi.{self.name}.yaml"

    @property
    def log(self) -> Path:
        """What `up` printed."""
        return self.folder / "up.log"

    def create(self, wanted: Mapping[str, Any], encrypted: Mapping[str, str]) -> None:
        """Create it.

        Args:
            wanted: its settings.
            encrypted: those with a secret value.

        Raises:
            Failure: Pulumi failed.
        """
        config = {f"{PROJECT}:{key}": _scalar(value) for key, value in wanted.items()}
        self.file.write_text(yaml.safe_dump({"config": config}))
        # Pulumi writes the salt of the encryption into the stack file beside the project file.
        shutil.copy(self.root / "Pulumi.yaml", self.folder)
        self._in(self.folder, "stack", "init", self.name, "--no-select")
        for key, value in encrypted.items():
            # By standard input: arguments can be seen by others.
            self._in(self.folder, "config", "set", "--secret", f"{PROJECT}:{key}", "--stack", self.name, given=value)

    def up(self) -> None:
        """Deploy it.

        Raises:
            Failure: it failed; with the end of what Pulumi printed.
        """
        flags = ["--stack", self.name, "--config-file", str(self.file), "--yes", "--skip-preview", "--suppress-outputs"]
        logged(["pulumi", "up", *flags, "--cwd", str(self.root), *_QUIET], self.log, env=self._env)

    def _in(self, folder: Path, *arguments: str, given: str | None = None) -> None:
        output(["pulumi", *arguments, "--cwd", str(folder), *_QUIET], given=given, env=self._env)

    @property
    def _env(self) -> dict[str, str]:
        backend = {"PULUMI_BACKEND_URL": f"file://{self.folder}", "PULUMI_CONFIG_PASSPHRASE": self.passphrase}
        # Only one of the two may be given.
        return {key: value for key, value in os.environ.items() if key != "PULUMI_CONFIG_PASSPHRASE_FILE"} | backend


def _scalar(value: Any) -> Any:
    # Pulumi passes scalars at the top as text.
    return value if isinstance(value, dict | list) else json.dumps(value) if not isinstance(value, str) else value
