"""What the pods of a rendered chart, and the pods that they start, ask of their surroundings.

Recorded are Secrets and their keys, ConfigMaps, claims, mounts with their paths, pull secrets, hosts and ports, and the
variables that say where the database and the object storage are. Facts are small enough to review and leave out what a
chart settles by itself.

The form, the same for `pods` (of the chart) and `launched` (which the apps start, see `launched.py`)::

    <kind>/<name>:
      <container>:
        image: as the pod names it
        keys: {VARIABLE: secret/key}              a `?` at the end where Kubernetes lets it be absent
        whole: [secret]                           all keys as variables
        config: [configmap, configmap/key]        with a key only if the chart's ConfigMap does not have it
        mounts: {path: volume}                    `volume/subPath` for a part of one
        values: {VARIABLE: value}                 addresses, files, and what VALUED names
        waits for: {host, port, user}             by pg_isready
      volumes: {name: {secret: name, items: {file: key}, optional: true}}   or `configMap`, `claim`, `hostPath`
      pull secrets: [secret]
      rotation: the annotation that restarts the pod with new credentials
      namespace: where an app starts it

Beside them `secrets` and `configmaps` (of the chart, with their keys), `services` (their ports), `claims`, `hooks`.
"""

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any, cast

import yaml

from tests.contract import launched

Fields = dict[str, Any]

NAMESPACE = "facts-namespace"  # replaced by {namespace} in facts, which so hold in every namespace layout

# Variables whose value is a fact, not only where it is read from.
VALUED = re.compile(
    r"DATABASE_\w+|CONFIG_DATABASE_REPLICA_URL|DB|DB_PORT|DBNAME|VISIBILITY_DBNAME|SKIP_DB_CREATE|POSTGRES_\w+|SQL_\w+"
    r"|STORAGE_\w+|MINIO_ENDPOINT|S3_\w+|AWS_\w+|GOOGLE_APPLICATION_CREDENTIALS|GCS_CREDENTIALS_\w+"
    r"|AB_KUBERNETES_SECRET_NAME|(AB|DATAPLANE)_\w+_SECRET_KEY|\w+_SECRET_NAME|\w+_SECRET_MOUNT_PATH|AIRBYTE_URL"
)
# Whatever its name: a URL, `host:port`, or a file below a folder that charts keep for Secrets.
ADDRESS = re.compile(r"[a-z:]+://[^/\s].*|[a-z][\w.-]*[a-z0-9]:\d+(/\S*)?")
FILE = re.compile(r"/secrets/.*|/etc/database-authority/.*")
ROTATION = "lakehouse/credentials-rotation"
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
    with_pods = {f"{item['kind']}/{item['metadata']['name']}": item for item in objects if _pod_spec(item)}
    specs = {name: _pod_spec(item) for name, item in with_pods.items()}
    found: Fields = {
        "pods": {
            name: {**found, **_rotation(item)}
            for name, item in sorted(with_pods.items())
            if (found := _pod(_pod_spec(item), config))
        },
        "launched": {},
        "secrets": {
            item["metadata"]["name"]: sorted({**(item.get("data") or {}), **(item.get("stringData") or {})})
            for item in objects
            if item["kind"] == "Secret"
        },
        "configmaps": sorted(config),
        "claims": sorted(item["metadata"]["name"] for item in objects if item["kind"] == "PersistentVolumeClaim"),
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
    for spec in specs.values():
        for container in spec["containers"]:
            if "workload-launcher" in container["name"]:
                found["launched"] |= launched.airbyte_jobs(_environment(container, config))
    instance = next((data["dagster.yaml"] for data in config.values() if "dagster.yaml" in data), None)
    if instance:
        known = yaml.safe_load(instance)
        workspace = next((data["workspace.yaml"] for data in config.values() if "workspace.yaml" in data), "{}")
        found["instance"] = {**_instance(known), "user code": _user_code(yaml.safe_load(workspace))}
        servers = [_environment(container, config) for spec in specs.values() for container in spec["containers"]]
        found["launched"] |= launched.dagster_runs(known["run_launcher"]["config"], servers)
    return _anywhere(found)


def _valued(name: str, value: str) -> bool:
    return bool(VALUED.fullmatch(name) or ADDRESS.fullmatch(value) or FILE.fullmatch(value))


def _pod_spec(item: Fields) -> Fields:
    if item["kind"] == "Pod":
        return item["spec"]
    if item["kind"] == "CronJob":
        return item["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    kinds = ("Deployment", "StatefulSet", "DaemonSet", "Job")
    return item["spec"]["template"]["spec"] if item["kind"] in kinds else {}


def _rotation(item: Fields) -> dict[str, str]:
    metadata: Fields = item["spec"].get("template", {}).get("metadata") or {}
    annotations: Fields = metadata.get("annotations") or {}
    return {"rotation": annotations[ROTATION]} if ROTATION in annotations else {}


def _hook(item: Fields) -> str:
    annotations = item["metadata"].get("annotations") or {}
    hook = "".join(str(annotations.get("helm.sh/hook", "")).split())
    return f"{hook} {annotations.get('helm.sh/hook-weight', 0)}" if hook else ""


def _pod(spec: Fields, config: dict[str, dict[str, str]]) -> Fields:
    containers = [*_list(spec, "initContainers"), *_list(spec, "containers")]
    volumes = {volume["name"]: found for volume in _list(spec, "volumes") if (found := _volume(volume))}
    found: Fields = {container["name"]: _container(container, config, volumes) for container in containers}
    found["volumes"] = volumes
    found["pull secrets"] = [reference["name"] for reference in _list(spec, "imagePullSecrets")]
    return {name: value for name, value in found.items() if value}


def _volume(volume: Fields) -> Fields:
    """Where a volume's content comes from; empty for one that needs nothing."""
    if claim := volume.get("persistentVolumeClaim"):
        return {"claim": claim["claimName"]}
    if host := volume.get("hostPath"):
        return {"hostPath": host["path"]}
    for kind, name in (("secret", "secretName"), ("configMap", "name")):
        if source := volume.get(kind):
            items = {item["path"]: item["key"] for item in _list(source, "items")}
            optional = {"optional": True} if source.get("optional") else {}
            return {kind: source[name], **({"items": items} if items else {}), **optional}
    return {}


def _environment(container: Fields, config: dict[str, dict[str, str]]) -> dict[str, str]:
    """Values of the variables that are no secrets, those of whole ConfigMaps included."""
    values: dict[str, Any] = {}
    for entry in _list(container, "envFrom"):
        if "configMapRef" in entry:
            values |= config.get(entry["configMapRef"]["name"], {})
    for variable in _list(container, "env"):
        source: Fields = variable.get("valueFrom") or {}
        if reference := source.get("configMapKeyRef"):
            values[variable["name"]] = config.get(reference["name"], {}).get(reference["key"], "")
        elif not source:
            values[variable["name"]] = variable.get("value", "")
    return {name: str(value) if value is not None else "" for name, value in values.items()}


def _container(container: Fields, config: dict[str, dict[str, str]], volumes: Fields) -> Fields:
    keys: dict[str, str] = {}
    maps: set[str] = set()
    for variable in _list(container, "env"):
        source: Fields = variable.get("valueFrom") or {}
        if "secretKeyRef" in source:
            keys[variable["name"]] = _key(source["secretKeyRef"])
        elif reference := source.get("configMapKeyRef"):
            there = reference["key"] in config.get(reference["name"], {})
            maps.add(reference["name"] if there else _key(reference))
    whole: dict[str, list[str]] = {"secretRef": [], "configMapRef": []}
    for entry in _list(container, "envFrom"):
        for kind, names in whole.items():
            if reference := entry.get(kind):
                names.append(reference["name"] + ("?" if reference.get("optional") else ""))
    words = " ".join(str(word) for part in ("command", "args") for word in container.get(part) or [])
    waits = PG_ISREADY.search(words)
    mounts = {
        mount["mountPath"]: "/".join(filter(None, (mount["name"], mount.get("subPath"))))
        for mount in _list(container, "volumeMounts")
        if mount["name"] in volumes
    }
    values = {name: value for name, value in _environment(container, config).items() if value and _valued(name, value)}
    found: Fields = {
        "keys": dict(sorted(keys.items())),
        "config": sorted({*maps, *whole["configMapRef"]}),
        "mounts": dict(sorted(mounts.items())),
        "values": dict(sorted(values.items())),
        "whole": sorted(whole["secretRef"]),
        "waits for": waits.groupdict() if waits else {},
    }
    found = {part: value for part, value in found.items() if value}
    return {"image": container["image"], **found} if found else {}


def _list(fields: Fields, name: str) -> list[Fields]:
    """A list that may be missing or null."""
    return cast("list[Fields]", fields.get(name) or [])


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


def _user_code(workspace: Fields) -> list[str]:
    """Where the webserver and the daemon look for the user-code servers."""
    servers: list[Fields] = [place["grpc_server"] for place in _list(workspace, "load_from")]
    return [f"{server['host']}:{server['port']}" for server in servers]


def _anywhere(found: Fields) -> Fields:
    """Replace the namespace of the rendering by a placeholder."""
    return json.loads(json.dumps(found).replace(NAMESPACE, "{namespace}"))
