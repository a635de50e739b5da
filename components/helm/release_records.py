"""Helm's revisions of a release, and the commands to use when one of them blocks an installation or upgrade."""

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from components.kubernetes.kubectl import Kubectl, Object, listed, mapping

PENDING = ("pending-install", "pending-upgrade", "pending-rollback")
"""Statuses of a revision that Helm is working on, or was working on when it was killed."""

_REFUSALS = ("another operation", "cannot re-use a name", "has no deployed releases")

_EVER_RAN = {"deployed", "superseded"}


@dataclass(frozen=True)
class Revision:
    """One revision of a release, which Helm stores in a Secret.

    Attributes:
        number: from 1.
        status: status as Helm reports it.
        since: when Helm began it.
        unfinished_hooks: kind and name of the hooks that only an installation runs (`pre-install` and no other event)
            and that have not succeeded.
    """

    number: int
    status: str
    since: str = ""
    unfinished_hooks: tuple[str, ...] = ()


def revisions(secrets: Sequence[Object]) -> list[Revision]:
    """The revisions in Helm's Secrets, oldest first."""
    return sorted((_revision(secret) for secret in secrets), key=lambda revision: revision.number)


def _revision(secret: Object) -> Revision:
    # In Base64 twice: by Helm, and by Kubernetes.
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
    """Whether Helm did nothing because of an existing revision."""
    return any(refusal in error for refusal in _REFUSALS)


def advice(records: Sequence[Revision], error: str, release: str, namespace: str, kubectl: Kubectl) -> str:
    """Which revision blocks Helm and which commands to use; empty if none does.

    Args:
        records: the revisions of the release, oldest first.
        error: Helm's error.
        release: its name.
        namespace: its namespace.
        kubectl: `kubectl` on its cluster.
    """
    last, name = (records[-1] if records else None), f"{namespace}/{release}"
    selector = f"owner=helm,name={release}"
    delete_all = _delete(kubectl, namespace, selector)
    if last and last.status in PENDING and ("another operation" in error or "cannot re-use a name" in error):
        delete_pending = _delete(kubectl, namespace, f"{selector},status in ({', '.join(PENDING)})")
        return f"""\
Helm release {name} has been {last.status} since {last.since} (revision {last.number}).
The `pulumi up` or `helm` that started it was interrupted, or is still running. Once it is no longer running, delete the
Secret of that revision and run `pulumi up` again; pods, volumes and data are not deleted.
    {delete_pending}"""
    if last and "cannot re-use a name" in error:
        return f"""\
Helm release {name} already exists ({last.status}, revision {last.number}), and is not in the state of this stack.
If it is not this stack's, choose another `releaseName` or namespace. If a `pulumi up` of this stack created it and was
killed, delete the Secrets of its revisions and run `pulumi up` again, which adopts its pods, volumes and data.
    {delete_all}"""
    if "has no deployed releases" in error:
        first = f"    {delete_all}\n" if records else ""
        return f"Helm release {name} was uninstalled by others. To install it again:\n{first}    pulumi up --refresh"
    return incomplete(records, release, namespace, kubectl) if last and last.status == "failed" else ""


def incomplete(records: Sequence[Revision], release: str, namespace: str, kubectl: Kubectl) -> str:
    """The commands to use if the first installation failed before its hooks, which an upgrade does not run; else empty.

    Args:
        records: the revisions of the release, oldest first.
        release: its name.
        namespace: its namespace.
        kubectl: `kubectl` on its cluster.
    """
    # Helm deletes the oldest revisions: the first one here need not be the installation.
    if not records or records[0].number != 1 or not records[0].unfinished_hooks:
        return ""
    if _EVER_RAN & {revision.status for revision in records}:
        return ""
    missing = ", ".join(records[0].unfinished_hooks)
    return f"""\
The first installation of Helm release {namespace}/{release} failed before it created objects that an upgrade does not
create: {missing}. Once the cause is fixed, install it again; volumes and data are not deleted.
    {_delete(kubectl, namespace, f"owner=helm,name={release}")}
    pulumi up --refresh"""


def unfinished(status: str, release: str, namespace: str, kubectl: Kubectl) -> str:
    """The commands to use if a release in the state is not deployed and Pulumi sees no change.

    `pulumi refresh` stores a failed or pending revision in the state: `pulumi up` would then succeed without a change.

    Args:
        status: status as Helm reports it.
        release: its name.
        namespace: its namespace.
        kubectl: `kubectl` on its cluster.
    """
    # All revisions: with the last deployed one left, an unchanged stack file would change nothing, and the changes of
    # the failed one would stay.
    return f"""\
Helm release {namespace}/{release} is {status}: an earlier `pulumi up` failed or was killed before a refresh.
Delete the Secrets of its revisions and install it again; pods, volumes and data are not deleted:
    {_delete(kubectl, namespace, f"owner=helm,name={release}")}
    pulumi up --refresh"""


def _delete(kubectl: Kubectl, namespace: str, selector: str) -> str:
    return kubectl.line("delete", "secrets", "--namespace", namespace, "--selector", selector)
