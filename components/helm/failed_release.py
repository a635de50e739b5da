"""The report on a failed Helm release: the pods that are not ready and why, and the commands to use.

The Kubernetes provider only passes on Helm's error, such as `context deadline exceeded`. An error hook of the release
queries the cluster with `kubectl` and reports the cause. It changes nothing.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi.resource import DependencyResource

from components.helm.failed_pods import (
    WORKLOADS,
    Problem,
    is_ready,
    pods_of_release,
    problems_of,
    warnings,
    without_pods,
)
from components.helm.masking import masked, secret_values
from components.helm.release_records import Revision, advice, incomplete, is_refusal, revisions
from components.kubernetes.kubectl import Kubectl, KubectlError, Object

DOCS = "docs/troubleshooting.md"

PODS = 8
"""Maximum number of pods in a report; others usually fail for the same reasons."""

LOG_LINES = 10
"""Number of lines shown from the end of a container's log."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def failure_report(name: str, kubectl: Kubectl) -> pulumi.ErrorHook:
    """An error hook that reports why a release failed.

    Args:
        name: name of the release's resource, since names of hooks must be unique.
        kubectl: `kubectl` on its cluster.
    """

    async def report(args: pulumi.ErrorHookArgs) -> bool:
        # In a preview nothing has been installed, and a deletion does not wait for pods.
        if not pulumi.runtime.is_dry_run() and args.failed_operation != "delete" and args.new_inputs:
            inputs = args.new_inputs
            text = await explain(inputs["name"], inputs["namespace"], args.errors[0], kubectl)
            if text:
                # Not the release itself, whose URN is only known once it is registered.
                pulumi.log.error(text, resource=DependencyResource(args.urn))
        return False

    return pulumi.ErrorHook(f"{name}-failure-report", report)


def installation_check(name: str, kubectl: Kubectl) -> pulumi.ResourceHook:
    """A hook before an update that refuses to upgrade a release whose installation is incomplete.

    Helm would report success, although objects that only an installation creates do not exist.

    Args:
        name: name of the release's resource, since names of hooks must be unique.
        kubectl: `kubectl` on its cluster.
    """

    async def check(args: pulumi.ResourceHookArgs) -> None:
        inputs = args.new_inputs or {}
        release, namespace = inputs["name"], inputs["namespace"]
        try:
            records = await _records(release, namespace, kubectl)
        except KubectlError:
            return
        if text := incomplete(records, release, namespace, kubectl):
            raise pulumi.RunError(text)

    return pulumi.ResourceHook(f"{name}-installation-check", check)


async def _records(release: str, namespace: str, kubectl: Kubectl) -> list[Revision]:
    secrets = await kubectl.objects("secrets", namespace, "--selector", f"owner=helm,name={release}")
    try:
        return revisions(secrets)
    except (KeyError, ValueError, OSError, EOFError):
        # Another format of Helm's. An error of the hook would hide the error of the release.
        msg = "the Secrets of Helm's revisions cannot be decoded"
        raise KubectlError(msg) from None


async def explain(release: str, namespace: str, error: str, kubectl: Kubectl) -> str:
    """Why a release failed and what to do; empty if the error needs no explanation.

    Args:
        release: its name.
        namespace: its namespace.
        error: Helm's error.
        kubectl: `kubectl` on its cluster.
    """
    if "context canceled" in error:
        # Interrupted with Ctrl-C; the next `pulumi up` continues.
        return ""
    try:
        records = await _records(release, namespace, kubectl)
        text = advice(records, error, release, namespace, kubectl)
        if records and records[-1].status == "failed" and not is_refusal(error):
            text = "\n".join(part for part in (await _Report(release, namespace, kubectl).text(), text) if part)
    except KubectlError as problem:
        return (
            f"The cause of the failure of Helm release {namespace}/{release} could not be determined: {problem}\n"
            f"To check its pods ({DOCS}):\n    {kubectl.line('get', 'pods', '--namespace', namespace)}"
        )
    return f"{text}\nSee {DOCS}." if text else ""


@dataclass(frozen=True)
class _Report:
    """The report on a release that exists and is not ready."""

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
        empty = without_pods(objects, self.release)
        parts += [part for workload in empty if (part := _workload(workload, events, values))]
        head = f"Helm release {self.namespace}/{self.release} failed and was not rolled back."
        if not parts:
            return f"{head} All of its pods are ready now."
        more = f"  and {len(bad) - PODS} more pods\n" if len(bad) > PODS else ""
        describe = self.kubectl.line("describe", "pods", "--namespace", self.namespace)
        return (
            f"{head} Not ready:\n" + "\n".join(parts) + f"\n{more}For details, run `{describe}`. "
            "Once the cause is fixed, run `pulumi up` again."
        )

    async def _secrets(self) -> Sequence[str] | None:
        """Values that must not be shown; None if reading Secrets is forbidden."""
        try:
            # Helm's Secrets are large, and logs do not contain them.
            return secret_values(
                await self.kubectl.objects("secrets", self.namespace, "--field-selector=type!=helm.sh/release.v1")
            )
        except KubectlError:
            return None

    async def _pod(self, pod: Object, events: Sequence[Object], values: Sequence[str] | None) -> str:
        name = pod["metadata"]["name"]
        lines: list[str] = []
        for problem in problems_of(pod):
            container = f'container "{problem.container}" ' if problem.container else ""
            lines.append(f"  pod {name}: {container}{masked(problem.text, values or ())}")
            lines += await self._log(name, problem, values)
        lines += [f"      event: {masked(text, values or ())}" for text in warnings(events, pod)]
        return "\n".join(lines)

    async def _log(self, pod: str, problem: Problem, values: Sequence[str] | None) -> list[str]:
        """The end of a container's log; the command that shows it, if the values to mask are not known."""
        if not problem.has_log or problem.container is None:
            return []
        command = ["logs", "--namespace", self.namespace, pod, "--container", problem.container, f"--tail={LOG_LINES}"]
        if problem.restarted:
            command.append("--previous")
        if values is None:
            return [f"      its log: {self.kubectl.line(*command)}"]
        try:
            log = masked(_COLOUR.sub("", await self.kubectl.run(*command)).strip(), values)
        except KubectlError:
            return []
        return ["      last log lines:", *(f"        | {line}" for line in log.splitlines())] if log else []


def _workload(workload: Object, events: Sequence[Object], values: Sequence[str] | None) -> str:
    """Why a workload has no pods; empty without a warning about it."""
    texts = warnings(events, workload)
    name = f"{workload['kind']} {workload['metadata']['name']}"
    return f"  {name} has no pods: {masked(texts[0], values or ())}" if texts else ""
