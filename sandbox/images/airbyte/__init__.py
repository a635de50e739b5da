"""The stand-in for Airbyte's images, under the names that the official chart asks for.

Airbyte is on no package registry. One set of layers serves all its images; what differs is the command, so the chart
needs no value that the official one does not have.
"""

from pathlib import Path

from sandbox.images import archive, layer, pythonenv
from sandbox.images.cache import HERE, Builder, digest, sources, versions

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
APP = HERE.parent / "apps" / "airbyte"

# Images whose tag is Airbyte's version; each plays the part of its name.
PLATFORM = ("bootloader", "server", "worker", "cron", "workload-api-server", "workload-launcher")


def parts() -> dict[str, str]:
    """Return the image name of each part that the stand-in can play."""
    pins = versions()["airbyte"]
    names = {part: f"docker.io/airbyte/{part}:{pins['platform']}" for part in PLATFORM}
    names["manifest-server"] = f"docker.io/airbyte/manifest-server:{pins['manifest-server']}"
    return names


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive with all of Airbyte's images, and their names."""
    layers = pythonenv.environment(builder, "airbyte", REQUIREMENTS)
    names = parts()
    key = digest(
        Path(__file__), Path(archive.__file__), Path(layer.__file__), APP, repr(names), *(x.name for x in layers)
    )

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        code = [layer.File(f"/opt/airbyte/app/{file.relative_to(APP)}", file) for file in sources(APP)]
        layer.write(files, [layer.Folder("/opt/airbyte/app"), *code])
        archive.write(target, [image(part, name, [*layers, files]) for part, name in names.items()])

    return builder.cached("airbyte", key, make), list(names.values())


def image(part: str, name: str, layers: list[Path]) -> archive.Image:
    """Return the description of one part's image."""
    return archive.Image(
        [name],
        layers,
        entrypoint=["/opt/airbyte/bin/python", "-m", "standin", part],
        env={
            "PATH": "/opt/airbyte/bin:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/home/app",
            "PYTHONPATH": "/opt/airbyte/app",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        },
        user="1000:1000",
        workdir="/opt/airbyte/app",
        labels={"lakehouse.sandbox/stand-in-for": name},
    )
