"""What CloudNativePG runs: the operator's manager and PostgreSQL as its instances want it.

The names are the official images'; what is inside comes from the operator's Go module and from Debian.
"""

from pathlib import Path

from sandbox.images import archive, layer, postgres
from sandbox.images.cache import Builder, digest
from sandbox.images.rootfs import RootFs, user
from sandbox.versions import versions

POSTGRES_UID = 26
"""User of PostgreSQL in the official images, which the operator runs instances as unless told otherwise."""

POSTGRES_ROOTFS = RootFs(
    name="cloudnativepg-postgres",
    # Barman Cloud makes backups to object storage; the official `system` images have it as well.
    packages=[*postgres.ROOTFS.packages, "barman-cli-cloud"],
    excluded=postgres.ROOTFS.excluded,
    before=[
        *user("postgres", POSTGRES_UID, "/var/lib/postgresql"),
        'mkdir -p "$1/etc/postgresql-common"',
        'echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"',
    ],
)


def operator_image() -> str:
    """Return the operator's name, as its chart asks for it."""
    return f"ghcr.io/cloudnative-pg/cloudnative-pg:{versions()['tools']['cloudnativepg']}"


def postgres_image() -> str:
    """Return the name of the instances' image."""
    return f"ghcr.io/cloudnative-pg/postgresql:{versions()['images']['cloudnativepg']['postgresql']}"


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
    """Return the instances' archive and name."""
    names, rootfs = [postgres_image()], POSTGRES_ROOTFS.build(builder)
    key = digest(Path(__file__), Path(archive.__file__), rootfs.name, *names)

    def make(target: Path) -> None:
        programs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/17/bin"
        environment = {"PATH": programs, "LANG": "C.UTF-8"}
        archive.write(target, [archive.Image(names, [rootfs], ["bash"], env=environment, user=str(POSTGRES_UID))])

    return builder.cached("cloudnativepg-postgres", key, make), names
