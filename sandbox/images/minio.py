"""MinIO and its client mc, built from their Go modules, under the official image's name.

They are newer than the tag says: of MinIO's module, the registry has the last commit only.
"""

from pathlib import Path

from sandbox.images import archive, busybox, layer
from sandbox.images.cache import Builder, digest, versions


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive and the image's name."""
    names = [f"docker.io/minio/minio:{versions()['airbyte']['minio']}"]
    base = busybox.shell_layer(builder)
    binaries = {"/usr/bin/minio": builder.tools("minio"), "/bin/mc": builder.tools("mc")}
    # A built tool's path has the hash of its sources; its size and time tell one that was built again.
    built = [f"{tool} {tool.stat().st_size} {tool.stat().st_mtime_ns}" for tool in binaries.values()]
    key = digest(Path(__file__), Path(archive.__file__), Path(layer.__file__), *names, base.name, *built)

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        layer.write(files, [layer.File(path, binary, 0o755) for path, binary in binaries.items()])
        archive.write(target, [image(names, [base, files])])

    return builder.cached("minio", key, make), names


def image(names: list[str], layers: list[Path]) -> archive.Image:
    """Return the image's description; arguments are minio's, as with the official one."""
    return archive.Image(
        names,
        layers,
        entrypoint=["/usr/bin/minio"],
        cmd=["server", "/data"],
        # Where mc keeps its settings, as in the official image: a pod's user has no home that it may write to.
        env={"PATH": "/usr/bin:/bin", "MC_CONFIG_DIR": "/tmp/.mc"},  # noqa: S108 - the container's own
        ports=[9000],
    )
