"""Values of Dagster's chart that a stack file may not set."""

from components.helm.reserved import Reserved

_DATABASE = "the database's host and credentials come from `database`"
_NAMES = "the program relies on the chart's own names"

RESERVED = Reserved(
    paths={
        "postgresql": _DATABASE,
        "generatePostgresqlPasswordSecret": _DATABASE,
        "global.postgresql*": _DATABASE,
        "dagster-user-deployments.postgresqlSecretName": _DATABASE,
        "additionalInstanceConfig.storage": _DATABASE,
        "additionalInstanceConfig.*_storage": _DATABASE,
        "global.fullnameOverride": _NAMES,
        "global.nameOverride": _NAMES,
        "fullnameOverride": _NAMES,
        "nameOverride": _NAMES,
        "dagsterWebserver.nameOverride": _NAMES,
    },
    environment=dict.fromkeys(("DAGSTER_PG_*", "DAGSTER_K8S_PG_PASSWORD_SECRET"), _DATABASE),
    lists=[
        f"{component}.{key}"
        for component in (
            "dagsterWebserver",
            "dagsterDaemon",
            "runLauncher.config.k8sRunLauncher",
            "runLauncher.config.celeryK8sRunLauncher",
            "dagster-user-deployments.deployments.*",
        )
        for key in ("volumes", "volumeMounts")
    ],
    mappings=["global", "dagsterWebserver", "dagsterDaemon"],
)
