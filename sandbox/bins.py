"""The commands of a shell in the sandbox: built tools, and Pulumi's plugins, official or stand-in."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox import host
from sandbox.gotools import GoTools
from sandbox.paths import Sandbox
from sandbox.steps import Step
from sandbox.versions import versions

COMMANDS = ("kubectl", "helm", "pulumi")


@dataclass(frozen=True)
class Plugin:
    """A Pulumi plugin and where it comes from."""

    name: str
    path: Path
    official: bool

    @property
    def kind(self) -> str:
        """`official` or `stand-in`."""
        return "official" if self.official else "stand-in"


def plugins(sandbox: Sandbox, tools: GoTools) -> list[Plugin]:
    """Return the plugins in use: the official ones that are installed here, stand-ins for the others."""
    pins: dict[str, str] = versions()["plugins"]
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    if home == sandbox.state / "pulumi-home":  # in a shell of the sandbox
        home = Path.home() / ".pulumi"
    chosen: list[Plugin] = []
    for name in (*(f"pulumi-resource-{kind}" for kind in pins), "pulumi-language-python"):
        installed = home / "plugins" / f"resource-{name.rsplit('-', 1)[1]}-v{pins.get(name.rsplit('-', 1)[1])}" / name
        official = str(installed) if installed.is_file() else _on_path(name, sandbox)
        chosen.append(Plugin(name, Path(official) if official else tools.path(name), bool(official)))
    return chosen


def link(sandbox: Sandbox, tools: GoTools, step: Step) -> None:
    """Fill the folder that is first on PATH."""
    wanted = {name: tools.path(name) for name in COMMANDS}
    wanted["ctr"] = host.unpacked(sandbox) / "usr" / "bin" / "ctr"
    wanted |= {plugin.name: plugin.path for plugin in plugins(sandbox, tools)}
    sandbox.bin.mkdir(parents=True, exist_ok=True)
    changed = 0
    for old in sandbox.bin.iterdir():
        if old.name not in wanted:
            old.unlink()
    for name, path in wanted.items():
        target = sandbox.bin / name
        if target.is_symlink() and target.readlink() == path:
            continue
        temporary = sandbox.bin / f".{name}.tmp"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(path)
        temporary.replace(target)
        changed += 1
    step.note(f"{changed} linked into {sandbox.bin}" if changed else "unchanged")


def _on_path(name: str, sandbox: Sandbox) -> str | None:
    folders = [part for part in os.environ.get("PATH", "").split(":") if part and part != str(sandbox.bin)]
    return shutil.which(name, path=":".join(folders))
