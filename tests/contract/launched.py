"""Pods that an app starts by itself, in the form of `facts.py`: what their makers read, they ask of the cluster."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

# Variables of the launcher that it hands on to the containers of Airbyte in a job's pod: the init container, and the
# sidecar or orchestrator beside the connectors (EnvVarConfigBeanFactory.kt and the storage's toEnvVarMap, 1.0 to 2.2).
_HANDED_ON = (
    "AIRBYTE_URL",
    "CONTROL_PLANE_AUTH_ENDPOINT",
    "CONTROL_PLANE_TOKEN_ENDPOINT",
    "INTERNAL_API_HOST",
    "WORKLOAD_API_HOST",
    "DATABASE_URL",
    "STORAGE_TYPE",
    "STORAGE_BUCKET_ACTIVITY_PAYLOAD",
    "STORAGE_BUCKET_AUDIT_LOGGING",
    "STORAGE_BUCKET_LOG",
    "STORAGE_BUCKET_STATE",
    "STORAGE_BUCKET_WORKLOAD_OUTPUT",
    "AWS_DEFAULT_REGION",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "MINIO_ENDPOINT",
    "S3_PATH_STYLE_ACCESS",
)

# Secret keys that the launcher turns into references of a job's pod: the variable there, and the launcher's variables
# that name Secret and key (its application.yml). An empty name means none.
_REFERENCES = {
    "DATAPLANE_CLIENT_ID": ("DATAPLANE_CLIENT_ID_SECRET_NAME", "DATAPLANE_CLIENT_ID_SECRET_KEY"),
    "DATAPLANE_CLIENT_SECRET": ("DATAPLANE_CLIENT_SECRET_SECRET_NAME", "DATAPLANE_CLIENT_SECRET_SECRET_KEY"),
    "WORKLOAD_API_BEARER_TOKEN": ("WORKLOAD_API_BEARER_TOKEN_SECRET_NAME", "WORKLOAD_API_BEARER_TOKEN_SECRET_KEY"),
    "KEYCLOAK_CLIENT_SECRET": ("KEYCLOAK_AUTH_CLIENT_SECRET_NAME", "KEYCLOAK_AUTH_CLIENT_SECRET_KEY"),
    "SECRET_STORE_GCP_CREDENTIALS": ("SECRET_STORE_GCP_SECRET_NAME", "SECRET_STORE_GCP_SECRET_KEY"),
    **{
        name: (f"{name}_REF_NAME", f"{name}_REF_KEY")
        for name in (
            "AWS_SECRET_MANAGER_ACCESS_KEY_ID",
            "AWS_SECRET_MANAGER_SECRET_ACCESS_KEY",
            "AB_AZURE_KEY_VAULT_CLIENT_ID",
            "AB_AZURE_KEY_VAULT_CLIENT_SECRET",
            "VAULT_AUTH_TOKEN",
        )
    },
}


def airbyte_jobs(launcher: Mapping[str, str]) -> dict[str, Any]:
    """The pods of checks, discoveries and syncs that Airbyte's workload launcher makes.

    Args:
        launcher: the variables of the launcher's container that are no secrets.
    """
    keys = {
        name: f"{launcher[secret]}/{launcher.get(key, '')}"
        for name, (secret, key) in _REFERENCES.items()
        if launcher.get(secret)
    }
    if role := launcher.get("AWS_ASSUME_ROLE_SECRET_NAME"):
        keys["AWS_ASSUME_ROLE_ACCESS_KEY_ID"] = f"{role}/AWS_ACCESS_KEY_ID"
        keys["AWS_ASSUME_ROLE_SECRET_ACCESS_KEY"] = f"{role}/AWS_SECRET_ACCESS_KEY"
    mounts, volumes = _volumes(launcher)
    airbyte = {
        "image": launcher.get("CONTAINER_ORCHESTRATOR_IMAGE", ""),
        "keys": dict(sorted(keys.items())),
        "mounts": dict(sorted(mounts.items())),
        "values": {name: launcher[name] for name in sorted(_HANDED_ON) if launcher.get(name)},
    }
    pulled_with = [name for name in launcher.get("JOB_KUBE_MAIN_CONTAINER_IMAGE_PULL_SECRET", "").split(",") if name]
    pod = {"airbyte": airbyte, "volumes": volumes, "pull secrets": pulled_with}
    return {"Pod/job": {name: value for name, value in pod.items() if value}}


def _volumes(launcher: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Mounts and volumes, as VolumeFactory.kt makes them. Secrets are mounted whole: a file has the name of its key."""
    mounts: dict[str, str] = {}
    volumes: dict[str, Any] = {}

    def mount(volume: str, path: str, source: dict[str, Any]) -> None:
        mounts[path] = volume
        volumes[volume] = source

    storage = launcher.get("GCS_CREDENTIALS_SECRET_NAME") or launcher.get("CONTAINER_ORCHESTRATOR_SECRET_NAME")
    path = launcher.get("CONTAINER_ORCHESTRATOR_SECRET_MOUNT_PATH")
    if storage and path and launcher.get("GOOGLE_APPLICATION_CREDENTIALS"):
        mount("airbyte-secret", path, {"secret": storage})
    plane = "CONTAINER_ORCHESTRATOR_DATA_PLANE_CREDS_SECRET"
    if launcher.get(f"{plane}_NAME") and launcher.get(f"{plane}_MOUNT_PATH"):
        mount("airbyte-data-plane-creds", launcher[f"{plane}_MOUNT_PATH"], {"secret": launcher[f"{plane}_NAME"]})
    if launcher.get("STORAGE_TYPE", "").lower() == "local":
        mount("airbyte-storage", "/storage", {"claim": "airbyte-storage-pvc"})
    if launcher.get("JOB_KUBE_LOCAL_VOLUME_ENABLED") == "true":
        mount("airbyte-local", "/local", {"claim": "airbyte-local-pvc"})
    return mounts, volumes


def dagster_runs(launcher: Mapping[str, Any], servers: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The pods of runs that Dagster's run launcher makes, one for each code location (`construct_dagster_k8s_job` of
    dagster_k8s, and `K8sContainerContext.merge`: lists are joined, of two single values the location's is taken).

    Args:
        launcher: the run launcher's configuration in `dagster.yaml`.
        servers: the variables of all containers; those of a user-code server carry the location's configuration.
    """
    found: dict[str, Any] = {}
    for server in servers:
        text = server.get("DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT") or server.get("DAGSTER_CONTAINER_CONTEXT")
        if text is None:
            continue
        location: dict[str, Any] = json.loads(text)["k8s"]
        both = {
            key: [*launcher.get(key, ()), *(it for it in location.get(key, ()) if it not in launcher.get(key, ()))]
            for key in ("env_config_maps", "env_secrets", "volumes", "volume_mounts", "image_pull_secrets")
        }
        secret = launcher.get("postgres_password_secret")
        container = {
            "image": server["DAGSTER_CURRENT_IMAGE"],
            "keys": {"DAGSTER_PG_PASSWORD": f"{secret}/postgresql-password"} if secret else {},
            "config": sorted(it for it in both["env_config_maps"] if isinstance(it, str)),
            "mounts": {it["mountPath"]: it["name"] for it in both["volume_mounts"]},
            "whole": sorted(both["env_secrets"]),
        }
        pod: dict[str, Any] = {
            "dagster": {name: value for name, value in container.items() if value},
            "volumes": {it["name"]: _secret(it) for it in both["volumes"] if "secret" in it},
            "pull secrets": [it["name"] for it in both["image_pull_secrets"]],
            "namespace": location.get("namespace") or launcher["job_namespace"],
        }
        name = next(iter(location["env_config_maps"])).removesuffix("-user-env")
        found[f"Pod/run of {name}"] = {name: value for name, value in pod.items() if value}
    return found


def _secret(volume: Mapping[str, Any]) -> dict[str, Any]:
    secret = volume["secret"]
    items = {item["path"]: item["key"] for item in secret.get("items") or ()}
    optional = {"optional": True} if secret.get("optional") else {}
    return {"secret": secret["secretName"], **({"items": items} if items else {}), **optional}
