"""What people read when a Helm release fails: the pods that are not ready and why, and the command that helps.

The Kubernetes provider passes on Helm's error, such as `context deadline exceeded`, and no more.
An error hook of the release looks at the cluster with `kubectl` and reports the rest. It changes nothing.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi.resource import DependencyResource

from components.helm.failed_pods import WORKLOADS, Trouble, is_ready, pods_of_release, troubles, warnings, without_pods
from components.helm.masking import masked, secret_values
from components.helm.release_records import Revision, advice, incomplete, is_refusal, revisions
from components.kubernetes.kubectl import Kubectl, KubectlError, Object

DOCS = "docs/troubleshooting.md"

PODS = 8
"""How many pods a report shows; the others usually fail for the same reasons."""

LOG_LINES = 10
"""Last lines of a container's log that are shown."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def failure_report(name: str, kubectl: Kubectl) -> pulumi.ErrorHook:
    """An error hook that reports why a release failed.

    Args:
        name: name of the release's resource: hooks have unique names.
        kubectl: reaches its cluster.
    """

    async def report(args: pulumi.ErrorHookArgs) -> bool:
        # In a preview nothing has been tried, and a deletion needs no pods.
        if not pulumi.runtime.is_dry_run() and args.failed_operation != "delete" and args.new_inputs:
            inputs = args.new_inputs
            text = await explain(inputs["name"], inputs["namespace"], args.errors[0], kubectl)
            if text:
                # Not the release itself: its URN is known to the program only once it is registered.
                pulumi.log.error(text, resource=DependencyResource(args.urn))
        return False

    return pulumi.ErrorHook(f"{name}-failure-report", report)


def installation_check(name: str, kubectl: Kubectl) -> pulumi.ResourceHook:
    """A hook before an update that refuses to upgrade what was never installed as a whole.

    Helm would upgrade it and be content, without what the chart creates at an installation alone.

    Args:
        name: name of the release's resource: hooks have unique names.
        kubectl: reaches its cluster.
    """

    async def check(args: pulumi.ResourceHookArgs) -> None:
        inputs = args.new_inputs or {}
        release, namespace = inputs["name"], inputs["namespace"]
        try:
            found = await _records(release, namespace, kubectl)
        except KubectlError:
            return
        if text := incomplete(found, release, namespace, kubectl):
            raise pulumi.RunError(text)

    return pulumi.ResourceHook(f"{name}-installation-check", check)


async def _records(release: str, namespace: str, kubectl: Kubectl) -> list[Revision]:
    found = await kubectl.objects("secrets", namespace, "--selector", f"owner=helm,name={release}")
    try:
        return revisions(found)
    except (KeyError, ValueError, OSError, EOFError):
        # Written by a Helm that does it otherwise. An error of the hook would take the place of the release's own.
        msg = "the records of Helm cannot be read"
        raise KubectlError(msg) from None


async def explain(release: str, namespace: str, error: str, kubectl: Kubectl) -> str:
    """Why a release failed and what to do, or nothing if the error says it all.

    Args:
        release: its name.
        namespace: its namespace.
        error: what Helm said.
        kubectl: reaches its cluster.
    """
    if "context canceled" in error:
        # Whoever typed Ctrl-C wants an end, and the next `pulumi up` goes on from there.
        return ""
    try:
        found = await _records(release, namespace, kubectl)
        what = advice(found, error, release, namespace, kubectl)
        if found and found[-1].status == "failed" and not is_refusal(error):
            what = "\n".join(part for part in (await _Report(release, namespace, kubectl).text(), what) if part)
    except KubectlError as problem:
        return (
            f"Why Helm release {namespace}/{release} failed could not be looked up: {problem}\n"
            f"Look at it yourself ({DOCS}):\n    {kubectl.line('get', 'pods', '--namespace', namespace)}"
        )
    return f"{what}\nMore: {DOCS}" if what else ""


@dataclass(frozen=True)
class _Report:
    """The report on a release that is there and not ready."""

    release: str
    namespace: str
    kubectl: Kubectl

    async def text(self) -> str:
        objects, events, values = await asyncio.gather(
            self.kubectl.objects(WORKLOADS, self.namespace),
            self.kubectl.objects("events", self.namespace, "--field-selector=type=Warning", "--sort-by=.lastTimestamp"),
            self._secrets(),
        )
        bad = [pod for pod in pods_of_release(objects, self.release) if not is_ready(pod)]
        parts = await asyncio.gather(*(self._pod(pod, events, values) for pod in bad[:PODS]))
        parts += [part for it in without_pods(objects, self.release) if (part := _workload(it, events, values))]
        head = f"Helm release {self.namespace}/{self.release} failed and stays as it is: nothing was rolled back."
        if not parts:
            return f"{head} All of its pods are ready now."
        more = f"  and {len(bad) - PODS} more pods\n" if len(bad) > PODS else ""
        look = self.kubectl.line("describe", "pods", "--namespace", self.namespace)
        return (
            f"{head} Not ready:\n" + "\n".join(parts) + f"\n{more}Look further with `{look}`. "
            "Once the cause is mended, `pulumi up` goes on from here."
        )

    async def _secrets(self) -> Sequence[str] | None:
        """What must not be shown; None if nobody knows, since Secrets may not be read."""
        try:
            # Helm's own records are large and no log holds one.
            return secret_values(
                await self.kubectl.objects("secrets", self.namespace, "--field-selector=type!=helm.sh/release.v1")
            )
        except KubectlError:
            return None

    async def _pod(self, pod: Object, events: Sequence[Object], values: Sequence[str] | None) -> str:
        name = pod["metadata"]["name"]
        lines: list[str] = []
        for trouble in troubles(pod):
            container = f'container "{trouble.container}" ' if trouble.container else ""
            lines.append(f"  pod {name}: {container}{masked(trouble.text, values or ())}")
            lines += await self._log(name, trouble, values)
        lines += [f"      event: {masked(text, values or ())}" for text in warnings(events, pod)]
        return "\n".join(lines)

    async def _log(self, pod: str, trouble: Trouble, values: Sequence[str] | None) -> list[str]:
        """The end of a container's log; where its secrets are not known, the command that shows it."""
        if not trouble.has_log or trouble.container is None:
            return []
        ask = ["logs", "--namespace", self.namespace, pod, "--container", trouble.container, f"--tail={LOG_LINES}"]
        if trouble.restarted:
            ask.append("--previous")
        if values is None:
            return [f"      its log: {self.kubectl.line(*ask)}"]
        try:
            log = masked(_COLOUR.sub("", await self.kubectl.run(*ask)).strip(), values)
        except KubectlError:
            return []
        return ["      last log lines:", *(f"        | {line}" for line in log.splitlines())] if log else []


def _workload(it: Object, events: Sequence[Object], values: Sequence[str] | None) -> str:
    """What keeps a workload from having pods at all, if anything was said of it."""
    said = warnings(events, it)
    return f"  {it['kind']} {it['metadata']['name']} has no pods: {masked(said[0], values or ())}" if said else ""
