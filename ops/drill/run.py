"""The steps of a drill, and its verdict."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from components.apps.app import AppSettings
from components.kubernetes.kubectl import Kubectl
from components.platform.settings import Stack
from components.postgres.backups.pod import BACKUP_KEY, backups_name
from ops.clients import pulumi
from ops.clients.cluster import Cluster
from ops.clients.failure import Failure
from ops.drill.airbyte.answer import answer as ask_airbyte
from ops.drill.dagster.answer import answer as ask_dagster
from ops.drill.sets_on_volumes import Volume, copy_set
from ops.drill.settings import drill_namespace, drill_settings, secret_names
from stack.check import Mistakes, check

MARK = "lakehouse/drill"
"""Label of a drill's namespaces, and annotation with the outcome, as JSON, of the CronJobs that make the sets."""

_ASK: dict[str, Callable[[Cluster, AppSettings, str], str]] = {"airbyte": ask_airbyte, "dagster": ask_dagster}


def drill(root: Path, name: str, *, wanted: str, config_file: Path | None = None) -> bool:
    """Restore a stack's sets into namespaces of their own, ask the apps, remove everything.

    Args:
        root: folder of the program.
        name: the stack.
        wanted: `newest` or the name of a set.
        config_file: its stack file, if it has another name than Pulumi expects.

    Returns:
        Whether the apps know what is in the sets. It is also an annotation of the CronJobs that make the sets.

    Raises:
        Failure: the drill could not be held.
    """
    raw = pulumi.settings(root, name, config_file)
    try:
        stack = check(raw)
    except Mistakes as mistakes:
        raise Failure(f"the stack file of {name} has mistakes: run `pulumi preview`") from mistakes
    cluster = Cluster(Kubectl(stack.cluster.kubeconfig, stack.cluster.context))
    made_by, folders = _sets(cluster, stack)
    begun = time.monotonic()
    with _step("namespaces"):
        namespaces = {key: drill_namespace(app) for key, app in stack.apps.items()}
        for namespace in set(namespaces.values()):
            cluster.create_namespace(namespace, stack.cluster.namespace_labels, MARK)
    failed: list[str] = []
    try:
        _deploy(root, cluster, stack, raw, namespaces, wanted=wanted, made_by=made_by, folders=folders)
        for key, app in stack.apps.items():
            with _step(key):
                _say(f"  {_ASK[key](cluster, app, namespaces[key])}")
    except Failure as failure:
        failed.append(str(failure))
    finally:
        with _step("removing everything"):
            cluster.delete_namespaces(sorted(set(namespaces.values())))
    seconds = round(time.monotonic() - begun)
    _remember(cluster, stack, passed=not failed, seconds=seconds)
    for text in failed:
        sys.stderr.write(f"{text}\n")
    _say(f"drill {'FAILED' if failed else 'passed'}: {made_by}, set {wanted}, {seconds} s")
    return not failed


def _sets(cluster: Cluster, stack: Stack) -> tuple[str, dict[str, str]]:
    """The stack as its sets name it, and the folder of each app's sets as rclone names it, by the app's key."""
    made_by, folders = "", dict[str, str]()
    for key, app in stack.apps.items():
        name = backups_name(app.database.secret_name)
        job = cluster.get("cronjob", name, app.namespace)
        if job is None:
            raise Failure(f"there is no CronJob {name} in {app.namespace}: run `pulumi up` with `backups`")
        spec = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        stages = (*spec["initContainers"], *spec["containers"])
        variables = {each["name"]: each.get("value") for stage in stages for each in stage["env"]}
        made_by, folders[key] = variables["STACK"], variables["STORE"]
    return made_by, folders


def _deploy(
    root: Path,
    cluster: Cluster,
    stack: Stack,
    raw: dict[str, object],
    namespaces: dict[str, str],
    *,
    wanted: str,
    made_by: str,
    folders: dict[str, str],
) -> None:
    settings = drill_settings(raw, stack, root=root, wanted=wanted, made_by=made_by)
    if stack.backups is None:
        raise Failure("the stack has no `backups`: there is nothing to restore")
    keys: dict[str, str] = {}
    for key, app in stack.apps.items():
        with _step(f"secrets and sets of {key}"):
            for secret in secret_names(raw, app.key):
                cluster.copy_secret(secret, app.namespace, namespaces[key])
            keys[f"{key}BackupKey"] = cluster.secret(backups_name(app.database.secret_name), app.namespace)[BACKUP_KEY]
            volume = Volume(backups_name(app.database.secret_name), app.namespace, folders[key])
            copy_set(cluster, volume, stack.backups, wanted, target=namespaces[key])
    with tempfile.TemporaryDirectory(prefix="drill-") as folder, _step("restore, compare, and start the apps"):
        made = pulumi.ThrowAway(root, made_by.rpartition("/")[2], Path(folder))
        made.create(settings, keys)
        made.up()


def _remember(cluster: Cluster, stack: Stack, *, passed: bool, seconds: int) -> None:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    outcome = json.dumps({"passed": passed, "at": at, "seconds": seconds})
    for app in stack.apps.values():
        cluster.annotate("cronjob", backups_name(app.database.secret_name), app.namespace, MARK, outcome)


@contextmanager
def _step(what: str) -> Iterator[None]:
    begun = time.monotonic()
    sys.stdout.write(f"{what} …\n")
    sys.stdout.flush()
    yield
    _say(f"  {time.monotonic() - begun:.0f} s")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
