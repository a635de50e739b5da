"""Restores of an app's backup sets: Jobs that a person creates, and the one that fills a new server."""

from dataclasses import replace
from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.batch.v1 import (
    CronJobSpecArgs,
    JobSpecArgs,
    JobTemplateSpecArgs,
    PodFailurePolicyArgs,
    PodFailurePolicyOnExitCodesRequirementArgs,
    PodFailurePolicyRuleArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs, ObjectMetaArgsDict

from components.postgres.awaited_job import awaited_job
from components.postgres.backups.component import backup_scripts
from components.postgres.backups.pod import BackupOf
from components.postgres.backups.settings import BackupSets
from components.postgres.move import move_scripts
from components.postgres.restore.access import admin_rules, app_rules, grant
from components.postgres.restore.pod import Wanted, restore_pod
from components.postgres.restore.settings import RestoreFrom
from components.postgres.script_pod import REFUSED
from components.postgres.scripts import fingerprint, read
from components.postgres.server import AdminSecret

_FOLDER = Path(__file__).with_name("scripts")
_BACKUPS = (
    "archive_checks.sql",
    "check_set.sh",
    "manifest_value.sql",
    "secrets.sh",
    "set_checks.sql",
    "set_files.sh",
    "sets.sh",
)
_NEVER = "0 0 30 2 *"
"""The 30th of February: a suspended CronJob needs a schedule, too."""
_RETRIES = 2


def restore_scripts() -> dict[str, str]:
    """The scripts of all stages."""
    own = sorted(file.name for file in _FOLDER.iterdir())
    backups = backup_scripts()
    return {**read(*move_scripts()), **{name: backups[name] for name in _BACKUPS}, **read(*own, folder=_FOLDER)}


class Restores(pulumi.ComponentResource):
    """What restores an app's backup sets. Give it `depends_on` the app's database and backups, and the app on it.

    Attributes:
        outputs: how to restore the newest set; keys in camelCase.
    """

    outputs: dict[str, pulumi.Input[str]]

    def __init__(
        self,
        name: str,
        of: BackupOf,
        settings: BackupSets,
        *,
        admin: AdminSecret,
        restore_from: RestoreFrom | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create a suspended CronJob, whose Jobs a person creates, and the Job for `restore_from`.

        Args:
            name: name of the component.
            of: the app.
            settings: how its sets are made.
            admin: Secret of the server's admin.
            restore_from: the set that the databases begin as; None if they begin empty.
            opts: options of the component.
        """
        super().__init__("lakehouse:postgres:Restores", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        own = f"{of.database_secret}-restore"
        labels = {"app.kubernetes.io/name": "restore", "app.kubernetes.io/instance": own}
        metadata: ObjectMetaArgsDict = {"name": own, "namespace": of.namespace, "labels": labels}
        scripts = restore_scripts()
        files = k8s.core.v1.ConfigMap(
            f"{name}-scripts",
            metadata=metadata,
            data={**scripts, **of.server.ca_files},
            opts=child,
        )
        needed: list[pulumi.Resource] = [files]
        # A cloud's identity for the bucket is bound to the service account of backups.
        account = of.name
        if not settings.storage.service_account_annotations:
            account = own
            needed.append(k8s.core.v1.ServiceAccount(f"{name}-account", metadata=metadata, opts=child))
        needed.append(
            grant(
                f"{name}-app",
                metadata,
                app_rules(of.own_secrets),
                account=account,
                account_namespace=of.namespace,
                opts=child,
            )
        )
        needed.append(
            grant(
                f"{name}-admin",
                {**metadata, "name": f"{own}-admin", "namespace": of.server.namespace},
                admin_rules(admin),
                account=account,
                account_namespace=of.namespace,
                opts=child,
            )
        )
        pod_labels = {**labels, **settings.storage.pod_labels}
        k8s.batch.v1.CronJob(
            f"{name}-job",
            metadata=metadata,
            spec=CronJobSpecArgs(
                schedule=_NEVER,
                suspend=True,
                successful_jobs_history_limit=3,
                failed_jobs_history_limit=3,
                job_template=JobTemplateSpecArgs(
                    metadata=ObjectMetaArgs(labels=labels),
                    spec=JobSpecArgs(
                        backoff_limit=_RETRIES,
                        active_deadline_seconds=settings.deadline_seconds,
                        pod_failure_policy=_refusals_end_it(),
                        template=restore_pod(
                            of,
                            settings,
                            Wanted("live"),
                            admin=admin,
                            files_name=own,
                            labels=pod_labels,
                            account=account,
                        ),
                    ),
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=needed),
        )
        if restore_from is not None:
            foreign = restore_from.stack not in (None, of.stack)
            wanted = Wanted("new", restore_from.set, restore_from.latest, foreign)
            source = of if restore_from.stack is None else replace(of, stack=restore_from.stack)
            # Another set is another Job.
            number = fingerprint({"set": wanted.set, "at": wanted.at, "stack": source.stack})[:8]
            awaited_job(
                f"{name}-new",
                {**metadata, "name": f"{own}-{number}"},
                # Pulumi's Kubernetes provider does not recognise a Job that failed by its pod failure policy.
                JobSpecArgs(
                    backoff_limit=_RETRIES,
                    active_deadline_seconds=settings.deadline_seconds,
                    template=restore_pod(
                        source,
                        settings,
                        wanted,
                        admin=admin,
                        files_name=own,
                        labels=pod_labels,
                        account=account,
                    ),
                ),
                timeout=f"{settings.deadline_seconds}s",
                parent=self,
                depends_on=needed,
            )
        self.outputs = {
            "restoreCommand": f"kubectl create job -n {of.namespace} --from=cronjob/{own} {own}-$(date +%s)"
        }
        self.register_outputs({})


def _refusals_end_it() -> PodFailurePolicyArgs:
    codes = PodFailurePolicyOnExitCodesRequirementArgs(operator="In", values=[REFUSED])
    return PodFailurePolicyArgs(rules=[PodFailurePolicyRuleArgs(action="FailJob", on_exit_codes=codes)])
