"""Whether all that recorded pods ask for is there: Secrets and keys, ConfigMaps, claims, files, hosts and ports."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, Any]
OF_A_POD = ("volumes", "pull secrets", "rotation", "namespace")  # what facts of a pod have beside its containers

_ADDRESS = re.compile(r"(?:[a-z:]+://)?(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>[0-9]+))?(?:[/?].*)?")
_FILE = re.compile(r"/(?:secrets|etc/database-authority)/[^&\s]+")
_SCHEMES = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Surroundings:
    """What is there beside the release itself.

    Attributes:
        namespace: where the release is.
        secrets: keys of every Secret that the program makes, the stack file names, or the app makes at run time.
        hosts: ports of every host that answers, by its name as the pods have it.
        outside: hosts that are none of the stack's business: the internet's, and those of parts that are off.
    """

    namespace: str
    secrets: Mapping[str, set[str]]
    hosts: Mapping[str, set[int]] = field(default_factory=dict[str, set[int]])
    outside: frozenset[str] = frozenset()


def pods(found: Fields) -> Iterator[tuple[str, Fields]]:
    """Every pod of the chart, and those that the app starts by itself."""
    yield from {**found["pods"], **found["launched"]}.items()


def containers(found: Fields) -> Iterator[tuple[str, Fields, Fields]]:
    """Every container: who it is, what it asks for, and the pod's volumes."""
    for pod, parts in pods(found):
        for name, part in parts.items():
            if name not in OF_A_POD:
                yield f"{pod} {name}", part, parts.get("volumes", {})


def missing(found: Fields, there: Surroundings) -> list[str]:
    """What is asked for in vain, a line each."""
    secrets = {**{name: set(keys) for name, keys in found["secrets"].items()}, **there.secrets}
    return [
        *_missing_keys(found, secrets),
        *_missing_volumes(found, secrets),
        *_missing_files(found, secrets),
        *_missing_hosts(found, there),
    ]


def _missing_keys(found: Fields, secrets: Mapping[str, set[str]]) -> Iterator[str]:
    for who, part, _ in containers(found):
        for reference in part.get("keys", {}).values():
            name, _, key = reference.partition("/")
            if not key.endswith("?") and key not in secrets.get(name, set()):
                yield f"{who} reads key {key} of Secret {name}"
        for name in part.get("whole", []):
            if not name.endswith("?") and name not in secrets:
                yield f"{who} reads Secret {name}"
        for name in part.get("config", []):
            if not name.endswith("?") and name not in found["configmaps"]:
                yield f"{who} reads ConfigMap {name}"
    for pod, parts in pods(found):
        for name in parts.get("pull secrets", []):
            if name not in secrets:
                yield f"{pod} is pulled with Secret {name}"


def _missing_volumes(found: Fields, secrets: Mapping[str, set[str]]) -> Iterator[str]:
    for pod, parts in pods(found):
        for volume, source in parts.get("volumes", {}).items():
            who = f"{pod} mounts {volume}"
            if source.get("optional"):
                continue
            if "secret" in source:
                keys = secrets.get(source["secret"])
                if keys is None:
                    yield f"{who} of Secret {source['secret']}"
                else:
                    yield from (f"{who} with key {key}" for key in source.get("items", {}).values() if key not in keys)
            if "configMap" in source and source["configMap"] not in found["configmaps"]:
                yield f"{who} of ConfigMap {source['configMap']}"
            if "claim" in source and source["claim"] not in found["claims"]:
                yield f"{who} of claim {source['claim']}"


def _missing_files(found: Fields, secrets: Mapping[str, set[str]]) -> Iterator[str]:
    """Files of Secrets that variables name: the container must have them at that path."""
    for who, part, volumes in containers(found):
        files: set[str] = set()
        for path, mount in part.get("mounts", {}).items():
            volume, _, sub_path = mount.partition("/")
            source = volumes[volume]
            keys = secrets.get(source.get("secret", ""), set())
            items = source.get("items") or dict(zip(keys, keys, strict=True))
            # An item whose key is not there makes no file where the volume is optional.
            names = {name for name, key in items.items() if "secret" not in source or key in keys}
            files |= {path} if sub_path else {f"{path.rstrip('/')}/{name}" for name in names}
        for variable, value in part.get("values", {}).items():
            if variable.endswith("_MOUNT_PATH"):
                continue  # of pods that the app starts, whose facts have the mount
            for file in _FILE.findall(value):
                if file not in files:
                    yield f"{who} reads file {file}, which {variable} names"


def _missing_hosts(found: Fields, there: Surroundings) -> Iterator[str]:
    """Addresses: a Service of the release, or one of the hosts that are there."""
    answering: dict[str, set[int]] = {name: set(ports) for name, ports in there.hosts.items()}
    for service, ports in found["services"].items():
        for name in ("", f".{there.namespace}", f".{there.namespace}.svc", f".{there.namespace}.svc.cluster.local"):
            answering[f"{service}{name}"] = set(ports)
    for who, part, _ in containers(found):
        addresses = [
            (variable, host, port)
            for variable, value in part.get("values", {}).items()
            if "://" in value or re.fullmatch(r"[A-Za-z][\w.-]*:[0-9]+(/\S*)?", value)
            for host, port in [_host_and_port(value)]
        ]
        values = part.get("values", {})
        for host, port in (("DATABASE_HOST", "DATABASE_PORT"), ("POSTGRES_SEEDS", "DB_PORT")):
            if values.get(host):
                addresses.append((host, values[host], int(values[port])))
        if waits := part.get("waits for"):
            addresses.append(("pg_isready", waits["host"], int(waits["port"])))
        for variable, host, port in addresses:
            if host not in there.outside and port not in answering.get(host, set()):
                yield f"{who} connects to {host}:{port}, which {variable} names"


def _host_and_port(value: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(value)
    assert found is not None, value
    scheme = value.partition("://")[0]
    return found["host"], int(found["port"] or _SCHEMES[scheme])
