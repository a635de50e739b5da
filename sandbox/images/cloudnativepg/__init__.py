"""What CloudNativePG runs: the operator's manager, PostgreSQL as its instances want it, and PgBouncer.

The names are the official images'; what is inside comes from the operator's Go module and from Debian. Not in them:
Barman Cloud, which backups to object storage need.
"""

import tarfile
from pathlib import Path

from sandbox.images import archive, layer, postgres
from sandbox.images.cache import Builder, ImageError, digest
from sandbox.images.rootfs import RootFs, user
from sandbox.versions import versions

POSTGRES_UID = 26
"""User of PostgreSQL in the official images, which the operator runs instances as unless told otherwise."""
PGBOUNCER_UID = 998
"""User of the official PgBouncer image."""

PGBOUNCER_ROOTFS = RootFs(
    name="pgbouncer",
    packages=["pgbouncer"],
    before=[*user("pgbouncer", PGBOUNCER_UID, "/var/lib/pgbouncer")],
)


def operator_image() -> str:
    """Return the operator's name, as its chart asks for it."""
    return f"ghcr.io/cloudnative-pg/cloudnative-pg:{versions()['tools']['cloudnativepg']}"


def postgres_image() -> str:
    """Return the name of the instances' image."""
    return f"ghcr.io/cloudnative-pg/postgresql:{versions()['images']['cloudnativepg']['postgresql']}"


def pgbouncer_image() -> str:
    """Return PgBouncer's name."""
    return f"ghcr.io/cloudnative-pg/pgbouncer:{versions()['images']['cloudnativepg']['pgbouncer']}"


def build_operator(builder: Builder) -> tuple[Path, list[str]]:
    """Return the operator's archive and name: the manager twice by name, for itself and for its instances."""
    manager, names = builder.tools("manager"), [operator_image()]
    # A built tool's path has the hash of its sources.
    key = digest(Path(__file__), Path(archive.__file__), Path(layer.__file__), *names, manager.parent.name)

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        link = layer.Link("/manager", "operator/manager_amd64")
        layer.write(files, [layer.File("/operator/manager_amd64", manager, 0o755), link])
        archive.write(target, [archive.Image(names, [files], entrypoint=["/manager"], user="65532:65532")])

    return builder.cached("cloudnativepg-operator", key, make), names


def build_postgres(builder: Builder) -> tuple[Path, list[str]]:
    """Return the instances' archive and name: the `postgres` image's file system, its user under another number."""
    names, rootfs = [postgres_image()], postgres.ROOTFS.build(builder)
    key = digest(Path(__file__), Path(archive.__file__), Path(layer.__file__), rootfs.name, *names)

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        layer.write(files, [layer.File("/etc/passwd", users(rootfs).encode())])
        image = archive.Image(
            names,
            [rootfs, files],
            cmd=["bash"],
            env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/17/bin",
                "LANG": "C.UTF-8",
            },
            user=str(POSTGRES_UID),
        )
        archive.write(target, [image])

    return builder.cached("cloudnativepg-postgres", key, make), names


def build_pgbouncer(builder: Builder) -> tuple[Path, list[str]]:
    """Return PgBouncer's archive and name; the manager looks for it in /usr/bin, Debian has it in /usr/sbin."""
    names, rootfs = [pgbouncer_image()], PGBOUNCER_ROOTFS.build(builder)
    key = digest(Path(__file__), Path(archive.__file__), Path(layer.__file__), rootfs.name, *names)

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        layer.write(files, [layer.Link("/usr/bin/pgbouncer", "../sbin/pgbouncer")])
        archive.write(target, [archive.Image(names, [rootfs, files], cmd=["pgbouncer"], user=str(PGBOUNCER_UID))])

    return builder.cached("cloudnativepg-pgbouncer", key, make), names


def users(rootfs: Path) -> str:
    """Return the users of a root file system layer, `postgres` with the number that instances run as.

    Raises:
        ImageError: it has no such user.

    """
    before, after = "postgres:x:999:999:", f"postgres:x:{POSTGRES_UID}:{POSTGRES_UID}:"
    with tarfile.open(rootfs) as tar:
        file = tar.extractfile("./etc/passwd")
        text = file.read().decode() if file else ""
    if before not in text:
        msg = f"{rootfs.name} has no user postgres with number 999"
        raise ImageError(msg)
    return text.replace(before, after)
