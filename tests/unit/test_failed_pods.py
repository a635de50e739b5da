"""Problems of pods, from objects of a real API server, shortened."""

from typing import Any

import pytest
import yaml

from components.helm.failed_pods import pods_of_release, problems_of, warnings, without_pods


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("{status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}", ""),
        ("{status: {phase: Succeeded}}", ""),
        (
            "{status: {phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable,"
            " message: 0/1 nodes are available}]}}",
            "Unschedulable: 0/1 nodes are available",
        ),
        (
            "{status: {phase: Pending, containerStatuses: [{name: c, restartCount: 0, state: {waiting: {reason:"
            " ImagePullBackOff, message: 'Back-off pulling image \"x\"'}}}]}}",
            'c ImagePullBackOff: Back-off pulling image "x"',
        ),
        (
            "{status: {phase: Running, containerStatuses: [{name: c, restartCount: 3, state: {waiting: {reason:"
            " CrashLoopBackOff, message: back-off 40s}}, lastState: {terminated: {exitCode: 3, reason: Error}}}]}}",
            "c CrashLoopBackOff (exit code 3, 3 restarts) log before",
        ),
        (
            "{status: {phase: Running, containerStatuses: [{name: c, restartCount: 0, state: {terminated:"
            " {exitCode: 137, reason: OOMKilled}}}]}}",
            "c OOMKilled (exit code 137) log",
        ),
        (
            "{status: {phase: Running, containerStatuses: [{name: a, ready: true, state: {running: {}}},"
            " {name: b, state: {running: {}}}]}}",
            "b not ready log",
        ),
        (
            "{status: {phase: Pending, initContainerStatuses: [{name: one, state: {terminated: {exitCode: 0}}},"
            " {name: two, state: {terminated: {exitCode: 1, reason: Error}}},"
            " {name: three, state: {waiting: {reason: PodInitializing}}}],"
            " containerStatuses: [{name: c, state: {waiting: {reason: PodInitializing}}}]}}",
            "two Error (exit code 1) log",
        ),
        (
            "{status: {phase: Pending, initContainerStatuses: [{name: one, state: {running: {}}}],"
            " containerStatuses: [{name: c, state: {waiting: {reason: PodInitializing}}}]}}",
            "one running log",
        ),
        (
            "{spec: {initContainers: [{name: side, restartPolicy: Always}]}, status: {phase: Running,"
            " initContainerStatuses: [{name: side, ready: true, state: {running: {}}}],"
            " containerStatuses: [{name: c, state: {running: {}}}]}}",
            "c not ready log",
        ),
        ("{status: {phase: Pending}}", "Pending"),
        ("{status: {phase: Failed, reason: Evicted, message: low on memory}}", "Evicted: low on memory"),
    ],
)
def test_why_a_pod_is_not_ready(shown: str, expected: str) -> None:
    pod = {"metadata": {"name": "p"}, "spec": {}, **yaml.safe_load(shown)}
    texts = [
        " ".join(
            [*([problem.container] if problem.container else []), problem.text, *(["log"] if problem.has_log else [])]
        )
        + (" before" if problem.has_log and problem.restarted else "")
        for problem in problems_of(pod)
    ]
    assert "; ".join(texts) == expected


OBJECTS = yaml.safe_load("""
- {kind: ReplicaSet, metadata: {name: web-1, uid: web-1, ownerReferences: [{uid: web}]}, spec: {replicas: 1}}
- {kind: Deployment, metadata: {name: web, uid: web, annotations: {meta.helm.sh/release-name: app}}, spec: {}}
- {kind: ReplicaSet, metadata: {name: web-0, uid: web-0, ownerReferences: [{uid: web}]}, spec: {replicas: 0}}
- {kind: Deployment, metadata: {name: other, uid: other, annotations: {meta.helm.sh/release-name: another}}, spec: {}}
- {kind: StatefulSet, metadata: {name: store, uid: store, annotations: {helm.sh/hook: pre-install}}, spec: {}}
- {kind: StatefulSet, metadata: {name: db, uid: db}, spec: {replicas: 1}}
- kind: Job
  metadata:
    {name: theirs, uid: job, annotations: {helm.sh/hook: post-install}, labels: {app.kubernetes.io/instance: another}}
  spec: {}
- {kind: Pod, metadata: {name: web-1-a, uid: 1, ownerReferences: [{uid: web-1}]}}
- {kind: Pod, metadata: {name: boot, uid: 2, annotations: {helm.sh/hook: 'pre-install, pre-upgrade'}}}
- {kind: Pod, metadata: {name: trial, uid: 3, annotations: {helm.sh/hook: test}}}
- {kind: Pod, metadata: {name: db-0, uid: 4, ownerReferences: [{uid: db}]}}
- {kind: Pod, metadata: {name: sync-7, uid: 5}}
- {kind: Pod, metadata: {name: theirs-a, uid: 6, ownerReferences: [{uid: job}]}}
""")


def test_pods_are_those_of_the_releases_workloads_and_hooks() -> None:
    assert [pod["metadata"]["name"] for pod in pods_of_release(OBJECTS, "app")] == ["web-1-a", "boot"]


def test_workloads_that_have_no_pod() -> None:
    assert [it["metadata"]["name"] for it in without_pods(OBJECTS, "app")] == ["store"]
    bare = [it for it in OBJECTS if it["metadata"]["name"] != "web-1-a"]
    assert [it["metadata"]["name"] for it in without_pods(bare, "app")] == ["web-1", "store"]


def test_warnings_are_the_newest_different_ones() -> None:
    def event(reason: str, message: str, uid: str = "1") -> dict[str, Any]:
        return {"reason": reason, "message": message, "involvedObject": {"uid": uid}}

    events = [
        event("FailedScheduling", "too\n old"),
        event("FailedMount", "a"),
        event("FailedMount", "b"),
        event("BackOff", "c"),
        event("Failed", "also in the container's state"),
        event("FailedMount", "a"),
        event("Unhealthy", "d"),
        event("Unhealthy", "other pod", uid="2"),
    ]
    pod = {"metadata": {"uid": "1"}}
    assert warnings(events, pod) == ["Unhealthy: d", "FailedMount: a", "FailedMount: b"]
    assert warnings(events[:1], pod) == ["FailedScheduling: too old"]
