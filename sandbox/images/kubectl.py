"""kubectl with a shell, under the name of the image that restores take it from; its version is the cluster's."""

from pathlib import Path

from sandbox.images import archive, busybox, layer
from sandbox.images.cache import Builder, digest, versions


def name() -> str:
    """Return the image's name."""
    return f"docker.io/alpine/kubectl:{versions()['kubectl']}"


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive and the image's name."""
    base, binary = busybox.shell_layer(builder), builder.tools("kubectl")
    # A built tool's path has the hash of its sources; its size and time tell one that was built again.
    built = f"{binary} {binary.stat().st_size} {binary.stat().st_mtime_ns}"
    key = digest(Path(__file__), Path(archive.__file__), Path(layer.__file__), name(), base.name, built)

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        layer.write(files, [layer.File("/usr/bin/kubectl", binary, 0o755)])
        image = archive.Image([name()], [base, files], entrypoint=["kubectl"], env={"PATH": "/usr/bin:/bin"})
        archive.write(target, [image])

    return builder.cached("kubectl", key, make), [name()]
