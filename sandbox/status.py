"""The state of the sandbox: pods, addresses, files and commands."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox import apps, bins, cgroups, deploy
from sandbox.cluster import BOOT, REST
from sandbox.gotools import GoTools
from sandbox.paths import Sandbox
from sandbox.processes import Processes
from sandbox.steps import Progress


def show(sandbox: Sandbox, progress: Progress, tools: GoTools) -> int:
    """Print the state of the sandbox; returns 0 if all of its processes run."""
    processes = Processes(sandbox)
    gone = [name for name in (*BOOT, *REST) if processes.pid(name) is None]
    if len(gone) == len((*BOOT, *REST)):
        progress.say(f"The sandbox of {sandbox.checkout} is not running. Start it with make up.")
        return 1
    for line in _lines(sandbox, tools, gone):
        progress.say(line)
    return 1 if gone else 0


def _lines(sandbox: Sandbox, tools: GoTools, gone: list[str]) -> Iterator[str]:
    yield ""
    if gone:
        yield f"  NOT RUNNING  {', '.join(gone)}: start them again with make up."
    if "apiserver" in gone:
        return
    yield from _pods(apps.pods(sandbox))
    yield ""
    plugins = bins.plugins(sandbox, tools)
    yield f"  node         {sandbox.address}, {len(cgroups.members(sandbox.cgroup))} processes, id {sandbox.id}"
    yield f"  files        {sandbox.state} (logs, volumes, kubeconfig)"
    yield "  plugins      " + ", ".join(f"{plugin.name} {plugin.kind}" for plugin in plugins)
    for app, address in apps.addresses(sandbox).items():
        yield f"  {app.name:<12} {address}"
    for name, output in deploy.outputs(sandbox).items():
        if "psqlCommand" not in output:
            continue  # of the whole stack, not of an app
        yield f"  {name + ' db':<12} {output.get('host')}:{output.get('port')}/{output.get('database')}"
        yield f"  {'':<12} {output.get('psqlCommand')}"
    yield ""
    yield "  next         make shell   pulumi, kubectl and helm for this cluster"
    yield "               make test    every test"
    yield "               make down    remove the sandbox, but not the build cache"


def _pods(pods: list[dict[str, Any]]) -> Iterator[str]:
    yield f"  {'NAMESPACE':<14} {'POD':<58} {'READY':<6} {'AGE':>6}"
    for pod in pods:
        statuses: list[dict[str, Any]] = pod["status"].get("containerStatuses", [])
        ready = f"{sum(status['ready'] for status in statuses)}/{len(pod['spec']['containers'])}"
        meta = pod["metadata"]
        yield f"  {meta['namespace']:<14} {meta['name']:<58} {ready:<6} {_age(meta):>6}"
    if not pods:
        yield "  (no pods)"


def _age(meta: Mapping[str, str]) -> str:
    created = time.mktime(time.strptime(meta["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    seconds = int(time.time() - created)
    return f"{seconds}s" if seconds < 120 else f"{seconds // 60}m" if seconds < 7200 else f"{seconds // 3600}h"
