"""The steps of a drill, and its verdict."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.apps.app import AppSettings
from components.forms.report import report
from components.kubernetes.kubectl import Kubectl
from components.platform.settings import Stack
from components.postgres.backups.pod import BACKUP_KEY, backups_name
from ops.clients import pulumi
from ops.clients.cluster import Cluster
from ops.clients.failure import Failure
from ops.drill.airbyte.answer import answer as ask_airbyte
from ops.drill.dagster.answer import answer as ask_dagster
from ops.drill.lock import only_drill
from ops.drill.sets_on_volumes import FoundSet, Volume, copy_set, found_set
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
    plan = _plan(root, cluster, stack, raw, wanted)
    begun = time.monotonic()
    failed: list[str] = []
    with only_drill(cluster, min(app.namespace for app in stack.apps.values())) as check_alone, ExitStack() as found:
        namespaces = sorted(set(plan.namespaces.values()))
        cluster.check_namespaces(namespaces, MARK)
        with _step("sets"):
            sets = {key: found.enter_context(_set(cluster, stack, plan, key, wanted)) for key in stack.apps}
        try:
            with _step("namespaces"):
                for namespace in namespaces:
                    cluster.create_namespace(namespace, stack.cluster.namespace_labels, MARK)
            for key, app in stack.apps.items():
                with _step(f"secrets and set of {key}"):
                    for secret in secret_names(raw, app.key):
                        cluster.copy_secret(secret, app.namespace, plan.namespaces[key])
                    if (one := sets[key]) is not None:
                        copy_set(cluster, one, plan.namespaces[key])
            # A volume may be mounted on one node only, and the next backup needs it.
            found.close()
            check_alone()
            with tempfile.TemporaryDirectory(prefix="drill-") as folder, _step("restore, compare, and start the apps"):
                made = pulumi.ThrowAway(root, plan.made_by.rpartition("/")[2], Path(folder))
                made.create(plan.settings, plan.keys)
                made.up()
            for key, app in stack.apps.items():
                with _step(key):
                    _say(f"  {_ASK[key](cluster, app, plan.namespaces[key])}")
        except Failure as failure:
            failed.append(str(failure))
        finally:
            # Never those of another drill.
            check_alone()
            with _step("removing everything"):
                cluster.delete_namespaces(namespaces)
        seconds = round(time.monotonic() - begun)
        _remember(cluster, stack, passed=not failed, seconds=seconds)
    for text in failed:
        sys.stderr.write(f"{text}\n")
    _say(f"drill {'FAILED' if failed else 'passed'}: {plan.made_by}, set {wanted}, {seconds} s")
    return not failed


@dataclass(frozen=True)
class _Plan:
    """All that is known of a drill before it begins.

    Attributes:
        made_by: the stack as its sets name it.
        folders: the folder of each app's sets as rclone names it, by the app's key.
        namespaces: the namespace of each app in the drill, by the app's key.
        settings: the settings of the drill's stack.
        keys: its settings with a secret value.
    """

    made_by: str
    folders: dict[str, str]
    namespaces: dict[str, str]
    settings: dict[str, Any]
    keys: dict[str, str] = field(repr=False)


def _plan(root: Path, cluster: Cluster, stack: Stack, raw: dict[str, Any], wanted: str) -> _Plan:
    """Everything that can be refused before anything is created."""
    if stack.backups is None:
        raise Failure("the stack has no `backups`: there is nothing to restore")
    made_by, folders = _sets(cluster, stack)
    settings = drill_settings(raw, stack, root=root, wanted=wanted, made_by=made_by)
    keys: dict[str, str] = {}
    for key, app in stack.apps.items():
        name = backups_name(app.database.secret_name)
        found = cluster.secret(name, app.namespace)
        if BACKUP_KEY not in found:
            raise Failure(f"there is no Secret {name} with the backup key in {app.namespace}: run `pulumi up`")
        keys[f"{key}BackupKey"] = found[BACKUP_KEY]
    try:
        check({**settings, **keys})
    except Mistakes as mistakes:
        raise Failure(f"the settings of the drill:\n{report(mistakes.mistakes, stack='drill')}") from mistakes
    return _Plan(made_by, folders, {key: drill_namespace(app) for key, app in stack.apps.items()}, settings, keys)


def _set(cluster: Cluster, stack: Stack, plan: _Plan, key: str, wanted: str) -> AbstractContextManager[FoundSet | None]:
    app = stack.apps[key]
    volume = Volume(backups_name(app.database.secret_name), app.namespace, plan.folders[key])
    if stack.backups is None:
        raise ValueError("a plan has backups")
    return found_set(cluster, volume, stack.backups, stack.all_pods, wanted)


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
