"""Make Debian root file systems with mmdebstrap, which needs no image and no Docker."""

import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.images.cache import Builder, ImageError, digest, run, versions

# Debian's signing keys come with the package debian-archive-keyring, which every Debian has. That of Debian 12 knows
# Debian 13's keys since its first point release.
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# Documentation, translations and locale sources: nobody reads them in a container.
EXCLUDED = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/i18n/*",
    "/usr/share/lintian/*",
)


@dataclass(frozen=True)
class RootFs:
    """A root file system to make.

    Attributes:
        name: what it is called in the cache.
        packages: Debian packages in it.
        excluded: paths that dpkg leaves out.
        before: commands run before the packages are installed.
        after: commands run after that.
        suite: Debian's name of the release; the pinned one if empty.
    """

    name: str
    packages: list[str]
    excluded: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    suite: str = ""

    def build(self, builder: Builder) -> Path:
        """Return the layer, a tar file, made unless the cache has it."""
        suite = self.suite or versions()["debian"]
        key = digest(Path(__file__), repr(self), suite)
        return builder.cached(f"{self.name}-rootfs", key, lambda target: self._make(target, suite))

    def _make(self, target: Path, suite: str) -> None:
        options = [f"--dpkgopt=path-exclude={path}" for path in (*EXCLUDED, *self.excluded)]
        options += [f"--essential-hook={command}" for command in self.before]
        options += [f"--customize-hook={command}" for command in self.after]
        run(
            f"Debian {suite} for {self.name}",
            "mmdebstrap",
            "--variant=essential",
            "--format=tar",
            f"--include={','.join(self.packages)}",
            "--dpkgopt=force-confold",
            "--dpkgopt=force-unsafe-io",
            *options,
            suite,
            target,
            f"deb [signed-by={KEYRING}] {mirror()} {suite} main",
            env={"SOURCE_DATE_EPOCH": "0", "TMPDIR": str(target.parent)},
        )


def user(name: str, number: int, home: str) -> list[str]:
    """Return commands that add a user and a group of the same number, before any package is installed.

    By hand, because at that point only Debian's essential packages are there, and useradd is in none of them.
    """
    return [
        f'echo "{name}:x:{number}:" >> "$1/etc/group"',
        f'echo "{name}:x:{number}:{number}::{home}:/bin/bash" >> "$1/etc/passwd"',
        f'install -d -o {number} -g {number} "$1{home}"',
    ]


def mirror() -> str:
    """Return the address of the Debian mirror that this machine's own apt uses.

    Raises:
        ImageError: apt knows no Debian mirror, for example because this is another distribution.

    """
    wanted = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"
    lines = run("look for a Debian mirror", "apt-get", "indextargets", "--format", wanted, "Created-By: Packages")
    for line in lines.splitlines():
        origin, label, component, address = line.split("|", 3)
        if (origin, label, component) == ("Debian", "Debian", "main"):
            return address
    msg = "apt on this machine knows no Debian mirror: run apt-get update on a Debian, or add a Debian source"
    raise ImageError(msg)


def package_version(layer: Path, package: str) -> str:
    """Return the version of a package installed in a root file system layer; empty if it is not there."""
    with tarfile.open(layer) as tar:
        file = tar.extractfile("./var/lib/dpkg/status")
        status = file.read().decode() if file else ""
    for paragraph in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Package") == package:
            return fields.get("Version", "")
    return ""


def unpack(layer: Path, folder: Path) -> None:
    """Unpack a layer, devices and owners included, to run a command in it.

    Raises:
        ImageError: not root.

    """
    if os.geteuid() != 0:
        msg = "images are made as root"
        raise ImageError(msg)
    run(f"unpack {layer.name}", "tar", "-C", folder, "-xpf", layer)
