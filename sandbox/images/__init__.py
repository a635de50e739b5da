"""The sandbox's container images, made on this machine from Debian's and Python's packages and built tools.

Each image is an archive that ``ctr -n k8s.io images import`` reads. It is kept in the cache under the hash of all that
it is made from, so a second sandbox, and a second start, make nothing.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sandbox.images import age, airbyte, busybox, dagster, kubectl, minio, pgbouncer, postgres, rclone, temporal
from sandbox.images.cache import Builder

Recipe = Callable[[Builder], tuple[Path, list[str]]]

__all__ = ["ImageFile", "Recipe", "build_all"]


@dataclass(frozen=True)
class ImageFile:
    """An image archive and the names that containerd knows its images by."""

    path: Path
    names: list[str]


def build_all(cache: Path, tools: Callable[[str], Path], report: Callable[[str], None]) -> list[ImageFile]:
    """Return every image of the sandbox, making those that the cache does not hold.

    Args:
        cache: the cache folder; archives go to ``images/`` below it.
        tools: gives the path of a built tool by its name (``minio``, ``mc``); may wait until it is built.
        report: takes one line for each thing that had to be made.

    Raises:
        ImageError: an image could not be made; the message says which and why.

    """
    said = threading.Lock()

    def locked(line: str) -> None:
        with said:
            report(line)

    builder = Builder(cache=cache / "images", tools=tools, report=locked)
    # Two at a time, each chain with the layers that its images share: making one is mostly waiting for one process.
    chains: tuple[tuple[Recipe, ...], ...] = (
        # MinIO and Temporal last: their tools are the last that are built.
        (busybox.build, postgres.build, pgbouncer.build, kubectl.build, minio.build, temporal.build),
        (dagster.build, airbyte.build, rclone.build, age.build),
    )

    def make(chain: tuple[Recipe, ...]) -> list[ImageFile]:
        return [ImageFile(*recipe(builder)) for recipe in chain]

    with ThreadPoolExecutor(len(chains)) as pool:
        return [file for files in pool.map(make, chains) for file in files]
