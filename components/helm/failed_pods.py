"""What keeps the pods of a Helm release from being ready, from what the API server tells of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.kubernetes.kubectl import Object, listed, mapping

EVENTS = 3
"""How many different warnings of one object are shown."""

EVENT_LENGTH = 300
"""Characters of a warning that are shown."""

WORKLOADS = "deployments,replicasets,statefulsets,daemonsets,jobs,pods"
"""Kinds that `pods_of_release` looks at."""


@dataclass(frozen=True)
class Trouble:
    """One container that is not ready, or the pod itself.

    Attributes:
        container: name of the container; None where the pod as a whole has the trouble.
        text: its state in one line.
        has_log: whether it has run, so that there may be a log.
        restarted: whether that log is of the instance before the present one.
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
    owners = {it["metadata"]["uid"] for it in objects if _is_of(it, release)}
    # A Deployment's pods are its ReplicaSets', and those may come first in the list.
    owners |= {it["metadata"]["uid"] for it in objects if it["kind"] == "ReplicaSet" and _owned(it, owners)}
    return [it for it in objects if it["kind"] == "Pod" and (it["metadata"]["uid"] in owners or _owned(it, owners))]


def without_pods(objects: Sequence[Object], release: str) -> list[Object]:
    """What should run pods in a release and has none: its Deployments' ReplicaSets, StatefulSets, DaemonSets, Jobs."""
    owners = {it["metadata"]["uid"] for it in objects if _is_of(it, release)}
    owning = {owner for it in objects if it["kind"] == "Pod" for owner in _owners(it)}
    return [
        it
        for it in objects
        if it["kind"] not in {"Pod", "Deployment"}
        and (it["metadata"]["uid"] in owners or _owned(it, owners))
        and it["metadata"]["uid"] not in owning
        and it["spec"].get("replicas", 1)
        and not mapping(it, "status").get("succeeded")
    ]


def _is_of(it: Object, release: str) -> bool:
    metadata = it["metadata"]
    annotations = mapping(metadata, "annotations")
    if annotations.get("meta.helm.sh/release-name") == release:
        return True
    # Helm writes no release into its hooks; most charts do, as a label.
    labels = mapping(metadata, "labels")
    events = {event.strip() for event in annotations.get("helm.sh/hook", "").split(",")}
    return bool(events - {"", "test"}) and labels.get("app.kubernetes.io/instance", release) == release


def _owned(it: Object, owners: set[str]) -> bool:
    return not owners.isdisjoint(_owners(it))


def _owners(it: Object) -> list[str]:
    return [owner["uid"] for owner in listed(it["metadata"], "ownerReferences")]


def is_ready(pod: Object) -> bool:
    """Whether the pod serves, or has done its work."""
    status = pod["status"]
    conditions = {it["type"]: it["status"] for it in listed(status, "conditions")}
    return status.get("phase") == "Succeeded" or conditions.get("Ready") == "True"


def troubles(pod: Object) -> list[Trouble]:
    """What keeps a pod from being ready, init containers first; never empty for one that is not."""
    if is_ready(pod):
        return []
    status = pod["status"]
    sidecars = {it["name"] for it in listed(pod["spec"], "initContainers") if it.get("restartPolicy") == "Always"}
    found = [
        trouble
        for it in listed(status, "initContainerStatuses")
        if (trouble := _trouble(it, stays=it["name"] in sidecars)) and "PodInitializing" not in trouble.text
    ]
    # What runs after the init containers only waits for them.
    if not found:
        found = [t for it in listed(status, "containerStatuses") if (t := _trouble(it, stays=True))]
    return found or [_pod_trouble(pod)]


def _trouble(status: Object, *, stays: bool) -> Trouble | None:
    """The trouble of a container, if it has one; `stays` says that it is meant to keep running."""
    state, before = mapping(status, "state"), mapping(mapping(status, "lastState"), "terminated")
    restarts = status.get("restartCount", 0)
    if waiting := state.get("waiting"):
        # A crash loop's message only says for how long it pauses.
        message = "" if waiting.get("reason") == "CrashLoopBackOff" else waiting.get("message", "")
        text = _text(waiting.get("reason", "Waiting"), message, before, restarts)
        return Trouble(status["name"], text, has_log=bool(before), restarted=True)
    if ended := state.get("terminated"):
        if ended["exitCode"] == 0:
            return None
        return Trouble(status["name"], _text(ended.get("reason", "Error"), "", ended, restarts), has_log=True)
    if "running" in state:
        if stays and status.get("ready"):
            return None
        return Trouble(status["name"], _text("not ready" if stays else "running", "", before, restarts), has_log=True)
    return Trouble(status["name"], "waiting")


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


def _pod_trouble(pod: Object) -> Trouble:
    status = pod["status"]
    reason, message = status.get("reason") or status.get("phase", "Pending"), status.get("message", "")
    for condition in listed(status, "conditions"):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            reason, message = condition.get("reason", "Unscheduled"), condition.get("message", "")
    if pod["metadata"].get("deletionTimestamp"):
        reason = "Terminating"
    return Trouble(None, f"{reason}: {message}" if message else reason)


def warnings(events: Sequence[Object], it: Object) -> list[str]:
    """The last different warnings about an object, newest first.

    Args:
        events: events of its namespace, oldest first.
        it: the object.
    """
    texts = dict.fromkeys(
        f"{event['reason']}: {_one_line(event.get('message', ''))}" for event in reversed(list(_about(events, it)))
    )
    return list(texts)[:EVENTS]


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= EVENT_LENGTH else f"{text[:EVENT_LENGTH]}…"


def _about(events: Sequence[Object], it: Object) -> Iterator[Object]:
    for event in events:
        # A pause between two starts or pulls: the state of the container says the same, with the reason.
        if event["involvedObject"].get("uid") == it["metadata"]["uid"] and event.get("reason") not in {
            "BackOff",
            "Failed",
        }:
            yield event
