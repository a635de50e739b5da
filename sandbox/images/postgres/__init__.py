"""PostgreSQL 17 from Debian, laid out as the official image is.

The same user (postgres, 999:999), home, PATH, PGDATA, volume, socket folder and stop signal, so that what runs on this
image runs on the official one of the same tag. Left out: the initialisation that the official entrypoint does, and LLVM
(160 MB of just-in-time compilation, which PostgreSQL does without when the library is not there).
"""

from pathlib import Path

from sandbox.images import archive, layer
from sandbox.images.cache import Builder, digest, versions
from sandbox.images.rootfs import RootFs, package_version, user

ENTRYPOINT = Path(__file__).with_name("docker-entrypoint.sh")

ROOTFS = RootFs(
    name="postgres",
    packages=["postgresql-17", "bash", "tzdata"],
    excluded=[
        "/usr/lib/x86_64-linux-gnu/libLLVM*",
        "/usr/lib/x86_64-linux-gnu/libz3*",
        "/usr/lib/llvm*",
        "/usr/lib/postgresql/17/lib/llvmjit*",
        "/usr/lib/postgresql/17/lib/bitcode/*",
    ],
    before=[
        *user("postgres", 999, "/var/lib/postgresql"),
        'mkdir -p "$1/etc/postgresql-common"',
        'echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"',
    ],
    after=[
        'install -d -o 999 -g 999 -m 1777 "$1/var/lib/postgresql/data"',
        'install -d "$1/docker-entrypoint-initdb.d"',
    ],
)


def tag() -> str:
    """Return the image's tag: PostgreSQL's exact version and Debian's name."""
    pins = versions()
    return f"{pins['postgresql']}-{pins['debian']}"


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive and the image's name."""
    names = [f"docker.io/library/postgres:{tag()}"]
    rootfs = ROOTFS.build(builder)
    key = digest(Path(__file__), Path(archive.__file__), Path(layer.__file__), ENTRYPOINT, rootfs.name, *names)

    def make(target: Path) -> None:
        if told := told_version(rootfs):
            builder.report(told)
        files = target.with_name("layer.tar")
        # mmdebstrap empties /run, so the socket folder is in the upper layer.
        sockets = layer.Folder("/run/postgresql", mode=0o3777, uid=999, gid=999)
        layer.write(files, [sockets, layer.File("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 0o755)])
        archive.write(target, [image(names, [rootfs, files])])

    return builder.cached("postgres", key, make), names


def told_version(rootfs: Path) -> str:
    """Return what to say where Debian has moved on from the pinned version, which the tag keeps; else nothing."""
    pin = versions()["postgresql"]
    found = package_version(rootfs, "postgresql-17").split("-")[0]
    return "" if found == pin else f"Debian has PostgreSQL {found}; the image keeps the program's tag, {pin}"


def image(names: list[str], layers: list[Path]) -> archive.Image:
    """Return the image's description."""
    return archive.Image(
        names,
        layers,
        entrypoint=["docker-entrypoint.sh"],
        cmd=["postgres"],
        env={
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/17/bin",
            "LANG": "C.UTF-8",
            "PG_MAJOR": "17",
            "PG_VERSION": tag(),
            "PGDATA": "/var/lib/postgresql/data",
        },
        volumes=["/var/lib/postgresql/data"],
        ports=[5432],
        stop_signal="SIGINT",
    )
