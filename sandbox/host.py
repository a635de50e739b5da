"""The sandbox's requirements on the machine, checked before any change, and Debian's packages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.locks import locked
from sandbox.paths import Sandbox
from sandbox.steps import SandboxError, Step
from sandbox.versions import versions

CGROUPS = Path("/sys/fs/cgroup")
KERNEL_MODULES = ("overlay", "br_netfilter", "veth", "loop", "xfs")


def check() -> None:
    """Refuse a machine on which the sandbox cannot run.

    Raises:
        SandboxError: with the missing requirement.

    """
    if sys.platform != "linux":
        msg = f"The sandbox runs on Linux only; this is {sys.platform}."
        raise SandboxError(msg)
    if os.geteuid() != 0:
        msg = "The sandbox creates namespaces, mounts and cgroups: run it as root (sudo make up)."
        raise SandboxError(msg)
    if shutil.which("apt-get") is None:
        msg = "The sandbox installs containerd, runc and other packages from Debian or Ubuntu: apt-get was not found."
        raise SandboxError(msg)
    if not CGROUPS.is_dir() or not any(CGROUPS.iterdir()):
        msg = f"No cgroups are mounted on {CGROUPS}: containers cannot be run here."
        raise SandboxError(msg)


def load_modules(step: Step) -> None:
    """Load the kernel modules that the node needs, unless they are built in."""
    if shutil.which("modprobe") is None:
        step.note("built in (no modprobe)")
        return
    for module in KERNEL_MODULES:
        if not (Path("/sys/module") / module).exists():
            step.run(["modprobe", module], hint=f"The kernel needs {module}.")


def packages(step: Step) -> None:
    """Install the Debian packages that are missing."""
    wanted: list[str] = versions()["debian"]["packages"]
    installed = _installed()
    missing = [name for name in wanted if name not in installed]
    if not missing:
        step.note("unchanged")
        return
    step.doing("installing " + " ".join(missing))
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=600"]
    hint = "Install them by hand, or repair apt, then run it again."
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    step.run([*apt, "update"], hint=hint, env=env)
    step.run([*apt, "install", "-y", "--no-install-recommends", *missing], hint=hint, env=env)
    step.note("installed " + " ".join(missing))


def unpacked(sandbox: Sandbox, step: Step | None = None) -> Path:
    """Return the folder with containerd, runc and the CNI plugins, downloaded from Debian if necessary.

    Raises:
        SandboxError: it is not in the cache and there is no step to download it in, or the download failed.

    """
    names: list[str] = versions()["debian"]["unpacked"]
    target = sandbox.cache / "debian" / f"{_release()}-{'-'.join(names)}"
    if target.exists():
        if step:
            step.note("cached " + ", ".join((target / "versions").read_text().split()))
        return target
    if step is None:
        msg = "The container runtime is not in the cache: run make up."
        raise SandboxError(msg)
    with locked(sandbox.cache / "locks" / "debian"):
        if not target.exists():
            _unpack(names, target, step)
    return target


def _unpack(names: list[str], target: Path, step: Step) -> None:
    temporary = target.with_name(f"tmp-{target.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    hint = "apt-get must be able to download packages; see its message."
    step.doing("downloading " + " ".join(names))
    step.run(["apt-get", "-o", "DPkg::Lock::Timeout=600", "update"], hint=hint)
    # Without the option, apt warns that its own user cannot write here.
    step.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *names], cwd=temporary, hint=hint)
    archives = sorted(temporary.glob("*.deb"))
    for archive in archives:
        step.run(["dpkg-deb", "--extract", archive, temporary])
        archive.unlink()
    versions_ = [archive.name.rsplit("_", 1)[0].replace("%3a", ":") for archive in archives]
    (temporary / "versions").write_text("\n".join(versions_) + "\n")
    temporary.rename(target)
    step.note("unpacked " + ", ".join(versions_))


def _installed() -> set[str]:
    shown = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {line.split()[0] for line in shown.splitlines() if line.endswith(" installed")}


def _release() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    return (fields.get("ID", "linux") + "-" + fields.get("VERSION_CODENAME", "unknown")).replace('"', "")
