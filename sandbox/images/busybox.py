"""The pause image of every pod, and a shell for helper pods: the host's static BusyBox, with another nslookup."""

from pathlib import Path

from sandbox.images import archive, layer
from sandbox.images.cache import Builder, ImageError, digest, run

BINARY = Path("/bin/busybox")
NSLOOKUP = Path(__file__).with_name("nslookup.sh")
# BusyBox's shell runs its own applets before what is on PATH. Both are of one length and in one place of the order.
APPLET, RENAMED = b"\0nslookup\0", b"\0nslookuq\0"
PAUSE_IMAGE = "docker.io/lakehouse-sandbox/pause:1"
SHELL_IMAGE = "docker.io/lakehouse-sandbox/busybox:1"

# A shell waits for its children, so it reaps orphans; a signal ends the wait at once.
PAUSE = b"""#!/bin/sh
trap 'exit 0' TERM INT
while :; do sleep 86400 & wait $!; done
"""


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive with the pause image and the shell image, and their names.

    Raises:
        ImageError: the package busybox-static is not installed.

    """
    files = shell_layer(builder)
    key = digest(Path(__file__), Path(archive.__file__), files.name)
    env = {"PATH": "/bin"}
    pause = archive.Image([PAUSE_IMAGE], [files], entrypoint=["/pause"], env=env)
    shell = archive.Image([SHELL_IMAGE], [files], cmd=["sh"], env=env)
    made = builder.cached("busybox", key, lambda target: archive.write(target, [pause, shell]))
    return made, [PAUSE_IMAGE, SHELL_IMAGE]


def shell_layer(builder: Builder) -> Path:
    """Return a layer with BusyBox, a link for each of its applets, and the user names that a program may look up.

    Raises:
        ImageError: the package busybox-static is not installed.

    """
    if not BINARY.exists() or "statically linked" not in run("look at BusyBox", "file", "-L", BINARY):
        msg = f"{BINARY} is not the static one: apt-get install busybox-static"
        raise ImageError(msg)
    key = digest(Path(__file__), Path(layer.__file__), NSLOOKUP, BINARY)
    return builder.cached("busybox-layer", key, _make)


def without_nslookup() -> bytes:
    """Return a BusyBox whose own nslookup has another name, so that its shell finds the script.

    Raises:
        ImageError: its table of applets is not as expected.

    """
    binary = BINARY.read_bytes()
    if binary.count(APPLET) != 1:
        msg = f"{BINARY} does not have nslookup once in its table of applets"
        raise ImageError(msg)
    return binary.replace(APPLET, RENAMED)


def _make(target: Path) -> None:
    applets = run("list BusyBox's applets", BINARY, "--list").split()
    layer.write(
        target,
        [
            layer.Folder("/bin"),
            layer.File("/bin/busybox", without_nslookup(), 0o755),
            layer.File("/bin/nslookup", NSLOOKUP, 0o755),
            *(layer.Link(f"/bin/{applet}", "busybox") for applet in applets if applet not in {"busybox", "nslookup"}),
            layer.File("/pause", PAUSE, 0o755),
            layer.File("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"),
            layer.File("/etc/group", b"root:x:0:\nnogroup:x:65534:\n"),
            layer.Folder("/tmp", 0o1777),  # noqa: S108
        ],
    )
