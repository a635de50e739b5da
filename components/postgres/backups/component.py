"""The CronJob that makes an app's backup sets, with its key and, where sets are stored on one, its claim."""

from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.batch.v1 import CronJobSpecArgs, JobSpecArgs, JobTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs, ObjectMetaArgsDict

from components.forms.computed import text
from components.kubernetes.secrets import secret
from components.postgres.awaited_job import awaited_job
from components.postgres.backups.pod import BACKUP_KEY, BackupOf, backup_pod
from components.postgres.backups.settings import BackupSets
from components.postgres.backups.storage import ClaimSets
from components.postgres.backups.volumes import claim_name
from components.postgres.credentials import PASSWORD_LENGTH
from components.postgres.scripts import fingerprint, read
from components.postgres.security import CONFIG_HASH

_FOLDER = Path(__file__).with_name("scripts")
_SHARED = ("any_user.sh", "compare_fingerprints.sql", "fingerprint.sql", "move_contents.sql", "waiting.sh")


def backup_scripts() -> dict[str, str]:
    """The scripts of all stages."""
    own = sorted(file.name for file in _FOLDER.iterdir() if file.suffix in {".sh", ".sql"})
    return {**read(*_SHARED), **read(*own, folder=_FOLDER)}


class Backups(pulumi.ComponentResource):
    """An app's backup sets. Give it `depends_on` the app's database.

    Attributes:
        outputs: where the sets are, how to make one, and the backup key, a secret; keys in camelCase.
    """

    outputs: dict[str, pulumi.Input[str]]

    def __init__(
        self,
        name: str,
        of: BackupOf,
        settings: BackupSets,
        *,
        key: str | None = None,
        any_user: bool,
        retain_data: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create the CronJob.

        Args:
            name: name of the component.
            of: the app.
            settings: how its sets are made.
            key: passphrase of the Secrets in them, a secret; None for a generated one.
            any_user: whether pods run as a user that their images do not know.
            retain_data: whether a claim with sets is retained when it is no longer needed.
            opts: options of the component.
        """
        super().__init__("lakehouse:postgres:Backups", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        labels = {"app.kubernetes.io/name": "backup", "app.kubernetes.io/instance": of.name}
        metadata: ObjectMetaArgsDict = {"name": of.name, "namespace": of.namespace, "labels": labels}
        passphrase = pulumi.Output.secret(
            random.RandomPassword(f"{name}-key", length=PASSWORD_LENGTH, special=False, opts=child).result
            if key is None
            else key
        )
        key_secret = secret(f"{name}-key", metadata, {BACKUP_KEY: passphrase}, child)
        scripts = backup_scripts()
        files = k8s.core.v1.ConfigMap(
            f"{name}-scripts",
            metadata=metadata,
            data={**scripts, **of.server.ca_files},
            opts=child,
        )
        needed: list[pulumi.Resource] = [key_secret, files]
        if isinstance(settings.storage, ClaimSets):
            claim = k8s.core.v1.PersistentVolumeClaim(
                f"{name}-sets",
                metadata={
                    **metadata,
                    "name": claim_name(of.name),
                    # Where its class waits for the first pod, it is bound by the first backup only.
                    "annotations": {"pulumi.com/patchForce": "true", "pulumi.com/skipAwait": "true"},
                },
                spec={
                    "access_modes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": settings.storage.storage_size}},
                    "storage_class_name": settings.storage.storage_class,
                },
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=retain_data),
            )
            needed.append(claim)
        annotations = settings.storage.service_account_annotations
        if annotations:
            account = k8s.core.v1.ServiceAccount(
                f"{name}-account", metadata={**metadata, "annotations": annotations}, opts=child
            )
            needed.append(account)

        def job_spec(*, skip_empty: bool) -> JobSpecArgs:
            return JobSpecArgs(
                backoff_limit=1,
                active_deadline_seconds=settings.deadline_seconds,
                template=backup_pod(
                    of,
                    settings,
                    skip_empty=skip_empty,
                    any_user=any_user,
                    labels={**labels, **settings.storage.pod_labels},
                    annotations={CONFIG_HASH: fingerprint(scripts)},
                    account=of.name if annotations else None,
                ),
            )

        k8s.batch.v1.CronJob(
            f"{name}-job",
            metadata=metadata,
            spec=CronJobSpecArgs(
                schedule=settings.schedule,
                time_zone="Etc/UTC",
                suspend=settings.suspend,
                concurrency_policy="Forbid",
                # A run that was missed by more than an hour waits for the next time.
                starting_deadline_seconds=3600,
                successful_jobs_history_limit=3,
                failed_jobs_history_limit=3,
                job_template=JobTemplateSpecArgs(
                    metadata=ObjectMetaArgs(labels=labels),
                    spec=job_spec(skip_empty=False),
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=needed),
        )
        if settings.before_upgrade:
            # Versions of chart and program are in its spec: with another one it is replaced, and runs again.
            awaited_job(
                f"{name}-before-upgrade",
                {**metadata, "name": f"{of.name}-before-upgrade"},
                job_spec(skip_empty=True),
                timeout=f"{settings.deadline_seconds}s",
                parent=self,
                depends_on=needed,
            )
        self.outputs = {
            "backupSets": text(settings.storage.root, f"/{of.folder}"),
            "backupCommand": f"kubectl create job -n {of.namespace} --from=cronjob/{of.name} {of.name}-$(date +%s)",
            "backupKey": passphrase,
        }
        self.register_outputs({})
