"""Secrets in the form of CrunchyData's operator, and its CRD."""

import base64
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
CRD_NAME = "postgresclusters.postgres-operator.crunchydata.com"
CRD_FILE = f"{CRD_NAME}-6.0.3.yaml"
DATABASE = "reports"
"""Database of every role that a test creates with the operator."""


def crd_path() -> Path:
    """The CRD of version 6.0.3: upstream's file, in the folder `shared` beside the checkout, or `$LAKEHOUSE_SHARED`."""
    shared = Path(os.environ.get("LAKEHOUSE_SHARED") or ROOT.parent / "shared")
    path = shared / "crds" / CRD_FILE
    if not path.is_file():
        pytest.fail(f"no {path}: set LAKEHOUSE_SHARED to the folder with crds/{CRD_FILE}", pytrace=False)
    return path


@functools.cache
def crd() -> dict[str, Any]:
    """The CRD, read."""
    return yaml.load(crd_path().read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def schema(version: str) -> dict[str, Any]:
    """The `openAPIV3Schema` of one version."""
    (entry,) = (entry for entry in crd()["spec"]["versions"] if entry["name"] == version)
    return entry["schema"]["openAPIV3Schema"]


def complaints(version: str, document: dict[str, Any]) -> list[str]:
    """Errors of an object against the schema, unknown fields included, as with `fieldValidation=Strict`."""
    return [f"{error.json_path}: {error.message}" for error in _validator(version).iter_errors(document)]


@functools.cache
def _validator(version: str) -> Draft202012Validator:
    strict = _strict(schema(version))
    # The API server checks these two itself; a structural schema only names them.
    strict["properties"]["metadata"] = {"type": "object"}
    return Draft202012Validator(strict)


def _strict(value: Any, *, names: bool = False) -> Any:
    """A structural schema as a JSON Schema without additional properties.

    Args:
        value: schema, part of one, or mapping of names to schemas.
        names: whether the keys of `value` are names of fields.
    """
    if isinstance(value, list):
        return [_strict(item) for item in value]
    if not isinstance(value, dict):
        return value
    strict = {key: _strict(inner, names=key == "properties" and not names) for key, inner in value.items()}
    if names:
        return strict
    strict.pop("format", None)
    if "\\p" in str(strict.get("pattern", "")):
        # A Unicode class, which Python's regular expressions do not have; the program does not use the field.
        del strict["pattern"]
    if strict.get("x-kubernetes-int-or-string"):
        strict["type"] = ["integer", "string"]
    if "properties" in strict and not strict.get("x-kubernetes-preserve-unknown-fields"):
        strict["additionalProperties"] = False
    return strict


def status_fields(version: str) -> Iterator[str]:
    """Dotted paths of the status; list items have no index."""
    yield from _paths(schema(version)["properties"]["status"], "")


def _paths(part: dict[str, Any], above: str) -> Iterator[str]:
    for name, inner in part.get("items", part).get("properties", {}).items():
        yield f"{above}.{name}"
        yield from _paths(inner, f"{above}.{name}")


def user_secret(
    cluster: str, namespace: str, role: str, password: str, *, database: str | None = DATABASE, pgbouncer: bool = False
) -> dict[str, str]:
    """Decoded Secret of a role, as `generatePostgresUserSecret` of version 6.0.3 writes it."""
    data = {"user": role, "password": password, "verifier": "SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5"}
    places = {"": f"{cluster}-primary"} | ({"pgbouncer-": f"{cluster}-pgbouncer"} if pgbouncer else {})
    for prefix, service in places.items():
        host = f"{service}.{namespace}.svc"
        data |= {f"{prefix}host": host, f"{prefix}port": "5432"}
        if database is None:
            continue
        query = {"user": role, "password": password} | ({"prepareThreshold": "0"} if prefix else {})
        login = f"{quote(role, safe='')}:{quote(password, safe='')}"
        data["dbname"] = database
        data[f"{prefix}uri"] = f"postgresql://{login}@{host}:5432/{database}"
        data[f"{prefix}jdbc-uri"] = f"jdbc:postgresql://{host}:5432/{database}?{urlencode(query)}"
    return data


def encoded(secret: dict[str, str]) -> dict[str, str]:
    """A Secret's `data` as the API returns it."""
    return {key: base64.b64encode(value.encode()).decode() for key, value in secret.items()}


def existing_secret(resource_id: str, word: str) -> dict[str, str]:
    """Data of a Secret that the operator creates for a cluster with PgBouncer, by its id `<namespace>/<name>`; empty
    for other Secrets. All secret values contain `word`.
    """
    namespace, _, name = resource_id.partition("/")
    cluster, of_user, role = name.partition("-pguser-")
    if of_user:
        return encoded(user_secret(cluster, namespace, role, f"{word}-{name}", pgbouncer=True))
    if not name.endswith("-cluster-cert"):
        return {}
    return encoded(
        {
            "ca.crt": "-----BEGIN CERTIFICATE-----\nb3BlcmF0b3I=\n-----END CERTIFICATE-----\n",
            "tls.crt": f"{word}-{name}",
            "tls.key": f"{word}-{name}",
        }
    )
