"""Temporal's server and schema tool, built from their Go module, under the name of the official `auto-setup` image.

The server's configuration is the module's own template, and the schemas are in the tool. Ours are the entrypoint, and
the program that does what dockerize and Temporal's command line do in the official image.
"""

from pathlib import Path

from sandbox.images import archive, busybox, layer
from sandbox.images.cache import Builder, digest, versions

ENTRYPOINT = Path(__file__).with_name("entrypoint.sh")
HOME = "/etc/temporal"
UID = 1000
"""The user, as in the official image."""
PASSWD = f"root:x:0:0:root:/root:/bin/sh\ntemporal:x:{UID}:{UID}::/home/temporal:/bin/sh\n"
PROGRAMS = ("temporal-server", "temporal-sql-tool", "temporal-setup")


def name() -> str:
    """Return the image's name."""
    return f"docker.io/temporalio/auto-setup:{versions()['airbyte']['temporal']}"


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive and the image's name."""
    base = busybox.shell_layer(builder)
    programs = {f"/usr/local/bin/{program}": builder.tools(program) for program in PROGRAMS}
    template = builder.tools("config_template.yaml")
    # A built tool's path has the hash of its sources; its size and time tell one that was built again.
    built = [f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in (*programs.values(), template)]
    key = digest(Path(__file__), ENTRYPOINT, Path(archive.__file__), Path(layer.__file__), name(), base.name, *built)

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        layer.write(
            files,
            [
                layer.File("/etc/passwd", PASSWD.encode()),  # the server looks its user's name up
                layer.Folder(HOME),
                layer.Folder(f"{HOME}/config", uid=UID, gid=UID),  # the entrypoint writes the configuration
                layer.File(f"{HOME}/config/config_template.yaml", template),
                layer.File(f"{HOME}/entrypoint.sh", ENTRYPOINT, 0o755),
                *(layer.File(path, program, 0o755) for path, program in programs.items()),
            ],
        )
        archive.write(target, [image([base, files])])

    return builder.cached("temporal", key, make), [name()]


def image(layers: list[Path]) -> archive.Image:
    """Return the image's description."""
    return archive.Image(
        [name()],
        layers,
        entrypoint=[f"{HOME}/entrypoint.sh"],
        cmd=["autosetup"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "TEMPORAL_HOME": HOME},
        user=str(UID),
        workdir=HOME,
        ports=[6933, 6934, 6935, 6939, 7233, 7234, 7235, 7239],
    )
