"""PgBouncer from Debian, under the name of the official image: its own user, and `psql` beside it."""

from pathlib import Path

from sandbox.images import archive, layer
from sandbox.images.cache import Builder, digest
from sandbox.images.rootfs import RootFs, user
from sandbox.versions import versions

UID = 998
"""User of the official image."""

ROOTFS = RootFs(
    name="pgbouncer",
    packages=["pgbouncer", "postgresql-client"],
    before=user("pgbouncer", UID, "/var/lib/pgbouncer"),
)


def name() -> str:
    """Return the image's name."""
    return f"ghcr.io/cloudnative-pg/pgbouncer:{versions()['images']['pgbouncer']}"


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive and the image's name. The official one has PgBouncer in /usr/bin, Debian in /usr/sbin."""
    names, rootfs = [name()], ROOTFS.build(builder)
    key = digest(Path(__file__), Path(archive.__file__), Path(layer.__file__), rootfs.name, *names)

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        layer.write(files, [layer.Link("/usr/bin/pgbouncer", "../sbin/pgbouncer")])
        archive.write(target, [archive.Image(names, [rootfs, files], cmd=["pgbouncer"], user=str(UID))])

    return builder.cached("pgbouncer", key, make), names
