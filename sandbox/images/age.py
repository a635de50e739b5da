"""age from Debian, and a shell. There is no official image; `backups.encryption.image` names one's own."""

from pathlib import Path

from sandbox.images import archive
from sandbox.images.cache import Builder, digest, versions
from sandbox.images.rootfs import RootFs

ROOTFS = RootFs(name="age", packages=["age"])


def name() -> str:
    """Return the image's name."""
    return f"registry.example.com/age:{versions()['age']}"


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive and the image's name."""
    rootfs = ROOTFS.build(builder)
    key = digest(Path(__file__), Path(archive.__file__), rootfs.name, name())
    return builder.cached("age", key, lambda target: archive.write(target, [image([rootfs])])), [name()]


def image(layers: list[Path]) -> archive.Image:
    """Return the image's description."""
    return archive.Image([name()], layers, entrypoint=["age"], cmd=[], env={"PATH": "/usr/local/bin:/usr/bin:/bin"})
