"""Why pods of a Helm release are not ready, from their objects and events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.kubernetes.kubectl import Object, listed, mapping

EVENTS = 3
"""Maximum number of different warnings shown for one object."""

EVENT_LENGTH = 300
"""Maximum length of a warning, in characters."""

WORKLOADS = "deployments,replicasets,statefulsets,daemonsets,jobs,pods"
"""Kinds of objects that `pods_of_release` reads."""


@dataclass(frozen=True)
class Problem:
    """A container that is not ready, or a pod that has no containers yet.

    Attributes:
        container: name of the container; None for the pod itself.
        text: its state in one line.
        has_log: whether it has run, so that there may be a log.
        restarted: whether that log is of the previous instance of the container.
    """

    container: str | None
    text: str
    has_log: bool = False
    restarted: bool = False


def pods_of_release(objects: Sequence[Object], release: str) -> list[Object]:
    """The pods of a release's workloads and hooks.

    Args:
        objects: all objects of the kinds `WORKLOADS` in its namespace.
        release: its name.
    """
    owners = {_uid(part) for part in objects if _belongs_to(part, release)}
    # A Deployment owns ReplicaSets, which own the pods.
    owners |= {_uid(part) for part in objects if part["kind"] == "ReplicaSet" and _owned(part, owners)}
    return [part for part in objects if part["kind"] == "Pod" and (_uid(part) in owners or _owned(part, owners))]


def without_pods(objects: Sequence[Object], release: str) -> list[Object]:
    """A release's ReplicaSets, StatefulSets, DaemonSets and Jobs that should have pods and have none."""
    owners = {_uid(part) for part in objects if _belongs_to(part, release)}
    with_pods = {owner for part in objects if part["kind"] == "Pod" for owner in _owners(part)}
    return [
        workload
        for workload in objects
        if workload["kind"] not in {"Pod", "Deployment"}
        and (_uid(workload) in owners or _owned(workload, owners))
        and _uid(workload) not in with_pods
        and workload["spec"].get("replicas", 1)
        and not mapping(workload, "status").get("succeeded")
    ]


def _uid(part: Object) -> str:
    return part["metadata"]["uid"]


def _belongs_to(part: Object, release: str) -> bool:
    metadata = part["metadata"]
    annotations = mapping(metadata, "annotations")
    if annotations.get("meta.helm.sh/release-name") == release:
        return True
    # Helm does not annotate hooks with the release; most charts label them with it.
    labels = mapping(metadata, "labels")
    events = {event.strip() for event in annotations.get("helm.sh/hook", "").split(",")}
    return bool(events - {"", "test"}) and labels.get("app.kubernetes.io/instance", release) == release


def _owned(part: Object, owners: set[str]) -> bool:
    return not owners.isdisjoint(_owners(part))


def _owners(part: Object) -> list[str]:
    return [owner["uid"] for owner in listed(part["metadata"], "ownerReferences")]


def is_ready(pod: Object) -> bool:
    """Whether the pod is ready, or has completed."""
    status = pod["status"]
    conditions = {condition["type"]: condition["status"] for condition in listed(status, "conditions")}
    return status.get("phase") == "Succeeded" or conditions.get("Ready") == "True"


def problems_of(pod: Object) -> list[Problem]:
    """Why a pod is not ready; empty if it is. Containers are not listed while an init container has a problem."""
    if is_ready(pod):
        return []
    status = pod["status"]
    init_containers = listed(pod["spec"], "initContainers")
    sidecars = {container["name"] for container in init_containers if container.get("restartPolicy") == "Always"}
    problems = [
        problem
        for container in listed(status, "initContainerStatuses")
        if (problem := _problem(container, runs=container["name"] in sidecars))
        and "PodInitializing" not in problem.text
    ]
    if not problems:
        containers = listed(status, "containerStatuses")
        problems = [problem for container in containers if (problem := _problem(container, runs=True))]
    return problems or [_pod_problem(pod)]


def _problem(status: Object, *, runs: bool) -> Problem | None:
    """The problem of a container, if it has one; `runs` says that it must keep running."""
    state, before = mapping(status, "state"), mapping(mapping(status, "lastState"), "terminated")
    restarts = status.get("restartCount", 0)
    if waiting := state.get("waiting"):
        # The message of a crash loop is only the back-off time.
        message = "" if waiting.get("reason") == "CrashLoopBackOff" else waiting.get("message", "")
        text = _text(waiting.get("reason", "Waiting"), message, before, restarts)
        return Problem(status["name"], text, has_log=bool(before), restarted=True)
    if ended := state.get("terminated"):
        if ended["exitCode"] == 0:
            return None
        return Problem(status["name"], _text(ended.get("reason", "Error"), "", ended, restarts), has_log=True)
    if "running" in state:
        if runs and status.get("ready"):
            return None
        return Problem(status["name"], _text("not ready" if runs else "running", "", before, restarts), has_log=True)
    return Problem(status["name"], "waiting")


def _text(reason: str, message: str, ended: Object, restarts: int) -> str:
    text = f"{reason}: {message.strip()}" if message else reason
    if not ended:
        return text
    details = [f"exit code {ended['exitCode']}"]
    if (why := ended.get("reason", "Error")) not in {"Error", reason}:
        details.append(why)
    if restarts:
        details.append(f"{restarts} restarts")
    return f"{text} ({', '.join(details)})"


def _pod_problem(pod: Object) -> Problem:
    status = pod["status"]
    reason, message = status.get("reason") or status.get("phase", "Pending"), status.get("message", "")
    for condition in listed(status, "conditions"):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            reason, message = condition.get("reason", "Unscheduled"), condition.get("message", "")
    if pod["metadata"].get("deletionTimestamp"):
        reason = "Terminating"
    return Problem(None, f"{reason}: {message}" if message else reason)


def warnings(events: Sequence[Object], about: Object) -> list[str]:
    """The last different warnings about an object, newest first.

    Args:
        events: events of its namespace, oldest first.
        about: the object.
    """
    texts = dict.fromkeys(
        f"{event['reason']}: {_one_line(event.get('message', ''))}" for event in reversed(list(_about(events, about)))
    )
    return list(texts)[:EVENTS]


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= EVENT_LENGTH else f"{text[:EVENT_LENGTH]}…"


def _about(events: Sequence[Object], about: Object) -> Iterator[Object]:
    for event in events:
        # The state of the container includes these, with the reason.
        if event["involvedObject"].get("uid") == _uid(about) and event.get("reason") not in {"BackOff", "Failed"}:
            yield event
