"""rclone from Debian, under the official image's name. It is older than the tag says: Debian decides."""

from pathlib import Path

from sandbox.images import archive
from sandbox.images.cache import Builder, digest, versions
from sandbox.images.rootfs import RootFs

ROOTFS = RootFs(name="rclone", packages=["rclone", "ca-certificates"])


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive and the image's name."""
    names = [f"docker.io/rclone/rclone:{versions()['rclone']}"]
    rootfs = ROOTFS.build(builder)
    key = digest(Path(__file__), Path(archive.__file__), rootfs.name, *names)
    return builder.cached("rclone", key, lambda target: archive.write(target, [image(names, [rootfs])])), names


def image(names: list[str], layers: list[Path]) -> archive.Image:
    """Return the image's description; arguments are rclone's, as with the official one."""
    return archive.Image(
        names,
        layers,
        entrypoint=["rclone"],
        cmd=[],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "XDG_CONFIG_HOME": "/config"},
    )
