"""Dagster from PyPI (webserver, daemon, code server, Kubernetes run launcher) with the sandbox's example code."""

from pathlib import Path

from sandbox.images import archive, layer, pythonenv
from sandbox.images.cache import HERE, Builder, digest, sources, versions

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
APP = HERE.parent / "apps" / "dagster"


def build(builder: Builder) -> tuple[Path, list[str]]:
    """Return the archive and the image's name. The example is a layer of its own: editing it remakes that one only."""
    names = [f"docker.io/lakehouse-sandbox/dagster:{versions()['dagster']}"]
    layers = pythonenv.environment(builder, "dagster", REQUIREMENTS)
    key = digest(Path(__file__), Path(archive.__file__), Path(layer.__file__), APP, *names, *(x.name for x in layers))

    def make(target: Path) -> None:
        files = target.with_name("layer.tar")
        home = layer.Folder("/opt/dagster/dagster_home", uid=1000, gid=1000)
        code = [layer.File(f"/opt/dagster/app/{file.relative_to(APP)}", file) for file in sources(APP)]
        layer.write(files, [home, layer.Folder("/opt/dagster/app"), *code])
        archive.write(target, [image(names, [*layers, files])])

    return builder.cached("dagster", key, make), names


def image(names: list[str], layers: list[Path]) -> archive.Image:
    """Return the image's description. It names no command: the chart's pods each say theirs."""
    return archive.Image(
        names,
        layers,
        env={
            "PATH": "/opt/dagster/bin:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/home/app",
            "DAGSTER_HOME": "/opt/dagster/dagster_home",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        },
        user="1000:1000",
        workdir="/opt/dagster/app",
    )
