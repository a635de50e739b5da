"""``up``: the steps to a running sandbox, without those that are already done."""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path

from sandbox import bins, containerd, deploy, environment, host, network, pki, shares, status
from sandbox.cluster import Cluster
from sandbox.gotoolchain import go
from sandbox.gotools import GoTools, tools
from sandbox.images import ImageFile, build_all
from sandbox.images.cache import ImageError
from sandbox.paths import Sandbox
from sandbox.steps import Progress, SandboxError, Step


def up(sandbox: Sandbox, progress: Progress, *, cluster_only: bool = False) -> None:
    """Start the sandbox and deploy the program on it.

    Args:
        sandbox: which.
        progress: shows the steps.
        cluster_only: end when the cluster is ready, without deploying.

    Raises:
        SandboxError: a step failed.

    """
    started = time.monotonic()
    sandbox.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with progress.step("packages") as step:
        host.packages(step)
    with progress.step("kernel modules") as step:
        host.load_modules(step)
    with progress.step("container runtime") as step:
        host.unpacked(sandbox, step)
    with progress.step("go") as step:
        built = GoTools(sandbox.cache, go(sandbox.cache, step))
    files = _build(sandbox, built, progress)
    with progress.step("network") as step:
        network.up(sandbox, step)
    with progress.step("certificates") as step:
        pki.ensure(sandbox, step)
    cluster = Cluster(sandbox, built)
    with progress.step("node") as step:
        cluster.boot(step)
    with progress.step("image import") as step:
        containerd.import_images(sandbox, files, step)
    with progress.step("cluster") as step:
        cluster.start(step)
    with progress.step("commands") as step:
        bins.link(sandbox, built, step)
        environment.write(sandbox)
    if not cluster_only:
        deploy.deploy(sandbox, progress)
    for line in shares.lines(progress.ended, time.monotonic() - started):
        progress.say(line)
    status.show(sandbox, progress, built)


def tools_of(sandbox: Sandbox) -> GoTools:
    """Return the tools that are already built, without building any."""
    return GoTools(sandbox.cache, go(sandbox.cache, Step("go", sandbox.logs / "go.log")))


def _build(sandbox: Sandbox, built: GoTools, progress: Progress) -> list[ImageFile]:
    """Build the tools, and concurrently download further modules and build the images, which is mostly waiting."""
    ready = {name: Future[Path]() for tool in tools() for name in tool.names}
    with ThreadPoolExecutor(max_workers=2) as beside:
        modules = beside.submit(_modules, built, progress)
        images = beside.submit(_images, sandbox, lambda name: ready[name].result(), progress)
        try:
            for tool in tools():
                with progress.step(f"tool {tool.name}") as step:
                    built.build(tool, step)
                for name in tool.names:
                    ready[name].set_result(built.path(name))
        except BaseException:
            for future in ready.values():
                future.cancel()  # images must not wait for a tool that is not built
            raise
        modules.result()
        return images.result()


def _modules(built: GoTools, progress: Progress) -> None:
    with progress.step("modules", live=False) as step:
        built.fetch(tools(), step)


def _images(sandbox: Sandbox, tool: Callable[[str], Path], progress: Progress) -> list[ImageFile]:
    built: list[str] = []
    with progress.step("images", live=False) as step:

        def report(line: str) -> None:
            step.doing(line)
            built.append(line)

        try:
            files = build_all(sandbox.cache, tool, report)
        except ImageError as error:
            raise SandboxError(str(error)) from error
        except CancelledError as error:
            msg = "A tool for an image was not built."
            raise SandboxError(msg) from error
        step.note(f"{len(built)} built" if built else "cached")
        return files
