"""Requests to the container runtime: its state and its images."""

import json
import subprocess
from pathlib import Path

from sandbox import host
from sandbox.images import ImageFile
from sandbox.paths import Sandbox
from sandbox.steps import Step


def ctr(sandbox: Sandbox, *arguments: str | Path) -> list[str]:
    """Return a command of containerd's own client, in Kubernetes' namespace."""
    program = host.unpacked(sandbox) / "usr" / "bin" / "ctr"
    socket = str(sandbox.containerd_socket)
    return [str(program), "--address", socket, "--namespace", "k8s.io", *(str(part) for part in arguments)]


def answers(sandbox: Sandbox) -> bool:
    """Return whether containerd responds."""
    done = subprocess.run(ctr(sandbox, "version"), capture_output=True, check=False)
    return done.returncode == 0


def import_images(sandbox: Sandbox, files: list[ImageFile], step: Step) -> None:
    """Import the images that containerd does not have yet, or has from another archive."""
    remembered = sandbox.state / "images.json"
    known: dict[str, str] = json.loads(remembered.read_text()) if remembered.exists() else {}
    listed = subprocess.run(ctr(sandbox, "images", "list", "--quiet"), capture_output=True, text=True, check=True)
    existing = set(listed.stdout.split())
    imported: list[str] = []
    for file in files:
        if all(name in existing and known.get(name) == file.path.name for name in file.names):
            continue
        step.doing(f"importing {file.path.name}")
        step.run(ctr(sandbox, "images", "import", file.path))
        imported.append(file.path.stem.rpartition("-")[0])
        known.update(dict.fromkeys(file.names, file.path.name))
        temporary = remembered.with_name(".images.tmp")
        temporary.write_text(json.dumps(known, indent=1))
        temporary.replace(remembered)
    step.note("imported " + ", ".join(imported) if imported else "unchanged")
