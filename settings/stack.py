"""Everything that a stack file may say, as one model."""

from typing import Annotated

from pydantic import BeforeValidator, model_validator

from settings.apps import Airbyte, Dagster
from settings.base import Model, refuse
from settings.names import Namespace
from settings.postgresql import EmbeddedPostgreSQL


def _empty_is_none(value: object) -> object:
    # Pulumi asks for a value of each key that Pulumi.yaml declares without a default; its default there is empty.
    return None if value == "" else value


class Cluster(Model):
    """Which Kubernetes cluster, if not the one that kubectl talks to."""

    context: str | None = None
    """Context in the kubeconfig; its current one if absent."""
    kubeconfig: str | None = None
    """Path of a kubeconfig file; `$KUBECONFIG` or `~/.kube/config` if absent."""
    create_namespaces: bool = True
    """Whether the program makes the apps' namespaces; `false` if somebody else does."""


class Stack(Model):
    """A stack file: keys below `lakehouse:` in `Pulumi.<stack>.yaml`."""

    cluster: Cluster = Cluster()
    """Which Kubernetes cluster."""
    namespace: Annotated[Namespace | None, BeforeValidator(_empty_is_none)] = None
    """One namespace for both apps; absent, each has its own."""
    retain_data: bool = True
    """Whether `pulumi destroy` keeps the data volumes (and their namespaces)."""
    postgresql: EmbeddedPostgreSQL = EmbeddedPostgreSQL()
    """Who runs PostgreSQL."""
    airbyte: Airbyte = Airbyte()
    """Airbyte."""
    dagster: Dagster = Dagster()
    """Dagster."""

    @model_validator(mode="after")
    def _namespaces_agree(self) -> "Stack":
        if self.namespace is not None:
            for key, app in (("airbyte", self.airbyte), ("dagster", self.dagster)):
                if "namespace" in app.model_fields_set:
                    refuse(
                        "either `namespace` for both apps or one in each app",
                        key=f"{key}.namespace",
                        found=app.namespace,
                    )
        return self

    @model_validator(mode="after")
    def _something_to_do(self) -> "Stack":
        if not (self.airbyte.enabled or self.dagster.enabled):
            refuse("at least one app enabled", key="dagster.enabled", found=False)
        return self

    @model_validator(mode="after")
    def _no_clashes_in_a_namespace(self) -> "Stack":
        if self.airbyte_namespace == self.dagster_namespace:
            if self.airbyte.release_name == self.dagster.release_name:
                refuse(
                    "another name than Airbyte's release", key="dagster.releaseName", found=self.dagster.release_name
                )
            if self.airbyte.database.secret_name == self.dagster.database.secret_name:
                refuse(
                    "another name than Airbyte's Secret",
                    key="dagster.database.secretName",
                    found=self.dagster.database.secret_name,
                )
        return self

    @property
    def airbyte_namespace(self) -> str:
        """Namespace that Airbyte goes to."""
        return self.namespace or self.airbyte.namespace

    @property
    def dagster_namespace(self) -> str:
        """Namespace that Dagster goes to."""
        return self.namespace or self.dagster.namespace
