"""Layers with Python: a root file system with Debian's Python, and pinned packages in a virtual environment on it."""

import sys
from pathlib import Path

from sandbox.images import layer
from sandbox.images.cache import Builder, digest, run, scratch, versions
from sandbox.images.rootfs import RootFs, unpack, user

# Where pip finds binary wheels for Debian 13: CPython 3.13, glibc 2.41, x86-64.
TARGET = [
    "--only-binary=:all:",
    "--implementation=cp",
    "--python-version=3.13",
    *(f"--platform=manylinux{v}_x86_64" for v in ("2014", "_2_17", "_2_28", "_2_34")),
]

# The layer's times are all zero, so byte code must not be checked against them: without the second line, every start
# of Python would compile its standard library anew.
BASE = RootFs(
    name="python",
    packages=["python3", "libstdc++6", "bash", "ca-certificates", "netbase", "procps"],
    before=user("app", 1000, "/home/app"),
    after=[
        'chroot "$1" sh -c "python3 -m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python3.*"',
    ],
)


def environment(builder: Builder, name: str, requirements: Path) -> list[Path]:
    """Return the layers of Debian's Python and of a virtual environment at ``/opt/<name>`` with these packages."""
    base = BASE.build(builder)
    pip = versions()["pip"]
    key = digest(Path(__file__), requirements, base.name, pip)
    packages = builder.cached(f"{name}-python", key, lambda target: _install(target, base, name, requirements, pip))
    return [base, packages]


def _install(target: Path, base: Path, name: str, requirements: Path, pip: str) -> None:
    what = f"Python packages for {name}"
    home = f"/opt/{name}"
    with scratch(target.parent) as root:
        unpack(base, root)
        (root / "requirements.txt").write_bytes(requirements.read_bytes())
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *TARGET]
        run(what, *download, "--dest", root / "wheels", "--requirement", requirements, f"pip=={pip}")
        # Nothing of this machine's pip settings, and no network: all that is needed is in /wheels.
        wheel = f"/wheels/pip-{pip}-py3-none-any.whl"
        inside = ["chroot", str(root), "env", "-i", "PATH=/usr/bin:/bin", f"PYTHONPATH={wheel}"]
        python = f"{home}/bin/python"
        run(what, *inside, "python3", "-m", "venv", "--without-pip", home)
        install = ["install", "--quiet", "--no-index", "--find-links=/wheels", "--no-compile"]
        install += ["--root-user-action=ignore", "--requirement=/requirements.txt"]
        run(what, *inside, python, "-m", "pip", *install)
        run(what, *inside, python, "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", "-j2", home)
        layer.write_tree(target, root / home.lstrip("/"), home)
