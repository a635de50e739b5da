"""What Helm has on record of a release, and what to type when a record is in the way."""

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from components.kubernetes.kubectl import Kubectl, Object, listed, mapping

PENDING = ("pending-install", "pending-upgrade", "pending-rollback")
"""Statuses of a revision that Helm is at work on, or was when it was killed."""

_REFUSALS = ("another operation", "cannot re-use a name", "has no deployed releases")

_EVER_RAN = {"deployed", "superseded"}


@dataclass(frozen=True)
class Revision:
    """One revision of a release: a Secret of Helm's.

    Attributes:
        number: from 1.
        status: Helm's word for it.
        since: when Helm began it.
        unfinished_hooks: kind and name of what only an installation creates (hooks that are `pre-install` alone)
            and this revision did not come to.
    """

    number: int
    status: str
    since: str = ""
    unfinished_hooks: tuple[str, ...] = ()


def revisions(secrets: Sequence[Object]) -> list[Revision]:
    """The revisions that are in some of Helm's Secrets, oldest first."""
    return sorted((_revision(secret) for secret in secrets), key=lambda it: it.number)


def _revision(secret: Object) -> Revision:
    # Helm encodes a record before Kubernetes does the same with what is in a Secret.
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    record = json.loads(gzip.decompress(packed))
    return Revision(
        number=record["version"],
        status=record["info"]["status"],
        since=f"{datetime.fromisoformat(record['info']['last_deployed']).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        unfinished_hooks=tuple(
            f"{hook['kind']} {hook['name']}"
            for hook in listed(record, "hooks")
            if hook.get("events") == ["pre-install"] and mapping(hook, "last_run").get("phase") != "Succeeded"
        ),
    )


def is_refusal(error: str) -> bool:
    """Whether Helm did nothing because of what is on record."""
    return any(refusal in error for refusal in _REFUSALS)


def advice(found: Sequence[Revision], error: str, release: str, namespace: str, kubectl: Kubectl) -> str:
    """What is in the way and what to type, or nothing if no record is.

    Args:
        found: the revisions of the release, oldest first.
        error: what Helm said.
        release: its name.
        namespace: its namespace.
        kubectl: reaches its cluster.
    """
    last, name = (found[-1] if found else None), f"{namespace}/{release}"
    records = f"owner=helm,name={release}"
    delete_all = _delete(kubectl, namespace, records)
    if last and last.status in PENDING and ("another operation" in error or "cannot re-use a name" in error):
        delete_pending = _delete(kubectl, namespace, f"{records},status in ({', '.join(PENDING)})")
        return f"""\
Helm release {name} has been {last.status} since {last.since} (revision {last.number}).
The `pulumi up` or `helm` that began it was cut off, or is still at work. Once nothing is at work on it any more, delete
the record of that revision; pods, volumes and data stay. Then `pulumi up` again.
    {delete_pending}"""
    if last and "cannot re-use a name" in error:
        return f"""\
There is a Helm release {name} already ({last.status}, revision {last.number}), and this stack does not know it.
If it is another's, choose another `releaseName` or namespace. If a `pulumi up` of this stack created it and was killed,
delete its records; pods, volumes and data stay. Then `pulumi up` again, which takes them over.
    {delete_all}"""
    if "has no deployed releases" in error:
        first = f"    {delete_all}\n" if found else ""
        return f"Helm release {name} was uninstalled by others. Install it again:\n{first}    pulumi up --refresh"
    return incomplete(found, release, namespace, kubectl) if last and last.status == "failed" else ""


def incomplete(found: Sequence[Revision], release: str, namespace: str, kubectl: Kubectl) -> str:
    """What to type where a first installation ended too early for an upgrade to make up for it; else nothing.

    Args:
        found: the revisions of the release, oldest first.
        release: its name.
        namespace: its namespace.
        kubectl: reaches its cluster.
    """
    # Helm forgets the oldest revisions: what is first need not be the installation.
    if not found or found[0].number != 1 or not found[0].unfinished_hooks or _EVER_RAN & {it.status for it in found}:
        return ""
    missing = ", ".join(found[0].unfinished_hooks)
    return f"""\
The first installation of Helm release {namespace}/{release} ended before it had created what no upgrade creates:
{missing}. Once the cause is mended, install again; volumes and data stay.
    {_delete(kubectl, namespace, f"owner=helm,name={release}")}
    pulumi up --refresh"""


def unfinished(status: str, release: str, namespace: str, kubectl: Kubectl) -> str:
    """What to type where the state says that a release is not deployed, and that nothing about it is to change.

    `pulumi refresh` takes a failed or pending revision into the state as it is: `pulumi up` would end well and leave
    it so.

    Args:
        status: Helm's word for it.
        release: its name.
        namespace: its namespace.
        kubectl: reaches its cluster.
    """
    # All records: were the last deployed revision left, a stack file that says the same would change nothing, and what
    # the unfinished one has changed would stay.
    return f"""\
Helm release {namespace}/{release} is {status}: an earlier `pulumi up` failed or was killed, and then came a refresh.
Delete its records; pods, volumes and data stay. Then install it again over them:
    {_delete(kubectl, namespace, f"owner=helm,name={release}")}
    pulumi up --refresh"""


def _delete(kubectl: Kubectl, namespace: str, selector: str) -> str:
    return kubectl.line("delete", "secrets", "--namespace", namespace, "--selector", selector)
