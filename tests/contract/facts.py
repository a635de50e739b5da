"""What the pods of a rendered chart ask of their surroundings: Secret keys, where the database is, object storage.

Facts are small enough to review and say nothing of a chart that is not about its database, its storage or a Secret.
"""

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

Fields = dict[str, Any]

NAMESPACE = "facts-namespace"  # replaced by {namespace} in facts, which so hold in every namespace layout

# Variables whose value is a fact, not only where it is read from.
VALUED = re.compile(
    r"DATABASE_\w+|CONFIG_DATABASE_REPLICA_URL|DB|DB_PORT|DBNAME|VISIBILITY_DBNAME|SKIP_DB_CREATE|POSTGRES_\w+|SQL_\w+"
    r"|STORAGE_\w+|MINIO_ENDPOINT|S3_\w+|AWS_\w+|GOOGLE_APPLICATION_CREDENTIALS|AB_KUBERNETES_SECRET_NAME"
    r"|(AB|DATAPLANE)_\w+_SECRET_KEY|DATAPLANE_\w+_SECRET_NAME"
    r"|CONTAINER_ORCHESTRATOR_DATA_PLANE_CREDS_SECRET_(NAME|MOUNT_PATH)"
)
PG_ISREADY = re.compile(r'pg_isready -h "?(?P<host>[^" ]+)"? -p (?P<port>\d+) -U "?(?P<user>[^"; ]+)')


def render(helm: str, chart: Path, release: str, values: Fields) -> list[Fields]:
    """Return the objects that ``helm template`` makes, hooks included.

    Schemas are not checked: that of the official Dagster chart is on a server that need not be reachable.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        command = [helm, "template", release, str(chart), "--namespace", NAMESPACE, "--values", file.name]
        done = subprocess.run([*command, "--skip-schema-validation"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [item for item in yaml.safe_load_all(done.stdout) if item]


def facts(objects: list[Fields]) -> Fields:
    """Return the facts of rendered objects, see the module's text; keys are sorted, so files compare line by line."""
    config = {item["metadata"]["name"]: item.get("data") or {} for item in objects if item["kind"] == "ConfigMap"}
    pods = {f"{item['kind']}/{item['metadata']['name']}": _pod_spec(item) for item in objects if _pod_spec(item)}
    found: Fields = {
        "pods": {name: found for name, spec in sorted(pods.items()) if (found := _pod(spec, config))},
        "secrets": {
            item["metadata"]["name"]: sorted({**(item.get("data") or {}), **(item.get("stringData") or {})})
            for item in objects
            if item["kind"] == "Secret"
        },
        "hooks": {
            f"{item['kind']}/{item['metadata']['name']}": _hook(item)
            for item in sorted(objects, key=lambda o: (o["kind"], o["metadata"]["name"]))
            if _hook(item)
        },
        "services": {
            item["metadata"]["name"]: [port["port"] for port in item["spec"]["ports"]]
            for item in sorted(objects, key=lambda o: o["metadata"]["name"])
            if item["kind"] == "Service"
        },
    }
    instance = next((data["dagster.yaml"] for data in config.values() if "dagster.yaml" in data), None)
    if instance:
        found["instance"] = _instance(yaml.safe_load(instance))
    return _anywhere(found)


def _pod_spec(item: Fields) -> Fields:
    if item["kind"] == "Pod":
        return item["spec"]
    return item["spec"]["template"]["spec"] if item["kind"] in ("Deployment", "StatefulSet", "Job") else {}


def _hook(item: Fields) -> str:
    annotations = item["metadata"].get("annotations") or {}
    hook = "".join(str(annotations.get("helm.sh/hook", "")).split())
    return f"{hook} {annotations.get('helm.sh/hook-weight', 0)}" if hook else ""


def _pod(spec: Fields, config: dict[str, dict[str, str]]) -> Fields:
    containers = [*_list(spec, "initContainers"), *_list(spec, "containers")]
    volumes: Fields = {volume["name"]: volume["secret"] for volume in _list(spec, "volumes") if "secret" in volume}
    found: Fields = {container["name"]: _container(container, config, volumes) for container in containers}
    if volumes:
        found["volumes"] = {name: _mounted(secret) for name, secret in volumes.items()}
    return {name: value for name, value in found.items() if value}


def _mounted(secret: Fields) -> list[str] | str:
    return [f"{secret['secretName']}/{item['key']}" for item in _list(secret, "items")] or secret["secretName"]


def _container(container: Fields, config: dict[str, dict[str, str]], secrets: Fields) -> Fields:
    keys: dict[str, str] = {}
    values: dict[str, str] = {}
    for variable in _list(container, "env"):
        name: str = variable["name"]
        source: Fields = variable.get("valueFrom") or {}
        if "secretKeyRef" in source:
            keys[name] = _key(source["secretKeyRef"])
        elif VALUED.fullmatch(name):
            reference: Fields = source.get("configMapKeyRef") or {}
            values[name] = config[reference["name"]][reference["key"]] if reference else variable.get("value", "")
    whole: list[Fields] = [entry["secretRef"] for entry in _list(container, "envFrom") if "secretRef" in entry]
    words = " ".join(str(word) for part in ("command", "args") for word in container.get(part) or [])
    waits = PG_ISREADY.search(words)
    mounts = {
        mount["mountPath"]: mount["name"] for mount in _list(container, "volumeMounts") if mount["name"] in secrets
    }
    found: Fields = {
        "keys": dict(sorted(keys.items())),
        "mounts": dict(sorted(mounts.items())),
        "values": dict(sorted(values.items())),
        "whole": sorted(ref["name"] + ("?" if ref.get("optional") else "") for ref in whole),
        "waits for": waits.groupdict() if waits else {},
    }
    found = {part: value for part, value in found.items() if value}
    return {"image": container["image"], **found} if found else {}


def _list(fields: Fields, name: str) -> list[Fields]:
    """A list that may be missing or null."""
    return fields.get(name) or []


def _key(reference: Fields) -> str:
    return f"{reference['name']}/{reference['key']}" + ("?" if reference.get("optional") else "")


def _instance(instance: Fields) -> Fields:
    storages = ("run_storage", "event_log_storage", "schedule_storage")
    launcher: Fields = instance["run_launcher"]["config"]
    return {
        **{name: instance[name]["config"]["postgres_db"] for name in storages},
        "run_launcher": launcher.get("postgres_password_secret"),
        "run_volumes": launcher.get("volumes") or [],
        "run_mounts": launcher.get("volume_mounts") or [],
    }


def _anywhere(found: Fields) -> Fields:
    """Replace the namespace of the rendering by a placeholder."""
    return json.loads(json.dumps(found).replace(NAMESPACE, "{namespace}"))
