"""Optional additions to a running sandbox: `python -m sandbox extra NAME`."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from sandbox import containerd
from sandbox.gotools import GoTools, extra_tools
from sandbox.images import ImageFile, Recipe, cloudnativepg
from sandbox.images.cache import Builder, ImageError
from sandbox.paths import PACKAGE, Sandbox
from sandbox.steps import Progress, SandboxError

EXTRAS = ("cloudnativepg",)
_IMAGES: tuple[Recipe, ...] = (cloudnativepg.build_operator, cloudnativepg.build_postgres)


def cloudnativepg_chart(sandbox: Sandbox) -> Path:
    """Return the folder of the operator's chart, which `add` writes."""
    return sandbox.state / "charts" / "cloudnative-pg"


def add(sandbox: Sandbox, built: GoTools, progress: Progress) -> None:
    """Make the CloudNativePG operator available: its tool, the images in containerd, and its chart.

    Raises:
        SandboxError: a step failed.

    """
    (tool,) = extra_tools()
    with progress.step(f"tool {tool.name}") as step:
        built.build(tool, step)
    with progress.step(f"images {tool.name}") as step:
        created: list[str] = []
        files = _images(sandbox, built.path, created.append)
        step.note(f"{len(created)} built" if created else "cached")
    with progress.step(f"import {tool.name}") as step:
        containerd.import_images(sandbox, files, step)
    with progress.step(f"chart {tool.name}") as step:
        folder = cloudnativepg_chart(sandbox)
        _write_chart(folder, built.path("manifests"))
        step.note(str(folder))


def _images(sandbox: Sandbox, tool: Callable[[str], Path], report: Callable[[str], None]) -> list[ImageFile]:
    builder = Builder(cache=sandbox.cache / "images", tools=tool, report=report)
    try:
        return [ImageFile(*recipe(builder)) for recipe in _IMAGES]
    except ImageError as error:
        raise SandboxError(str(error)) from error


def _write_chart(folder: Path, manifests: Path) -> None:
    """Write the chart with the manifests of the operator's module."""
    done = subprocess.run([manifests], capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"The operator's module has no manifests of its version: {done.stderr.strip()}"
        raise SandboxError(msg)
    temporary = folder.with_name("tmp-cloudnative-pg")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.copytree(PACKAGE / "charts" / "cloudnative-pg", temporary)
    (temporary / "manifests.yaml").write_text(done.stdout)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.rename(folder)
