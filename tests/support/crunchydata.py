"""What CrunchyData's operator makes and asks for: Secrets in the form that it gives them, and its CRD."""

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
"""Database of every role that a test asks the operator for."""


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
    (found,) = (it for it in crd()["spec"]["versions"] if it["name"] == version)
    return found["schema"]["openAPIV3Schema"]


def complaints(version: str, document: dict[str, Any]) -> list[str]:
    """What the schema has against an object, unknown fields included, as `fieldValidation=Strict` has it."""
    found = _validator(version).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in found]


@functools.cache
def _validator(version: str) -> Draft202012Validator:
    strict = _strict(schema(version))
    # The API server checks these two itself; a structural schema only names them.
    strict["properties"]["metadata"] = {"type": "object"}
    return Draft202012Validator(strict)


def _strict(value: Any, *, names: bool = False) -> Any:
    """A structural schema as JSON Schema that allows nothing that it does not name.

    Args:
        value: schema, part of one, or mapping of names to schemas.
        names: whether the keys of `value` are names of fields.
    """
    if isinstance(value, list):
        return [_strict(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _strict(inner, names=key == "properties" and not names) for key, inner in value.items()}
    if names:
        return made
    made.pop("format", None)
    if "\\p" in str(made.get("pattern", "")):
        # A class of Unicode, which Python's expressions do not know; of a field that nobody here asks for.
        del made["pattern"]
    if made.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    if "properties" in made and not made.get("x-kubernetes-preserve-unknown-fields"):
        made["additionalProperties"] = False
    return made


def status_fields(version: str) -> Iterator[str]:
    """Dotted paths of the status, lists without an index."""
    yield from _paths(schema(version)["properties"]["status"], "")


def _paths(part: dict[str, Any], above: str) -> Iterator[str]:
    for name, inner in part.get("items", part).get("properties", {}).items():
        yield f"{above}.{name}"
        yield from _paths(inner, f"{above}.{name}")


def user_secret(
    cluster: str, namespace: str, role: str, password: str, *, database: str | None = DATABASE, pgbouncer: bool = False
) -> dict[str, str]:
    """Decoded Secret of a role, as `generatePostgresUserSecret` of version 6.0.3 writes it."""
    made = {"user": role, "password": password, "verifier": "SCRAM-SHA-256$4096:c2FsdA==$a2V5:a2V5"}
    places = {"": f"{cluster}-primary"} | ({"pgbouncer-": f"{cluster}-pgbouncer"} if pgbouncer else {})
    for prefix, service in places.items():
        host = f"{service}.{namespace}.svc"
        made |= {f"{prefix}host": host, f"{prefix}port": "5432"}
        if database is None:
            continue
        query = {"user": role, "password": password} | ({"prepareThreshold": "0"} if prefix else {})
        login = f"{quote(role, safe='')}:{quote(password, safe='')}"
        made["dbname"] = database
        made[f"{prefix}uri"] = f"postgresql://{login}@{host}:5432/{database}"
        made[f"{prefix}jdbc-uri"] = f"jdbc:postgresql://{host}:5432/{database}?{urlencode(query)}"
    return made


def encoded(secret: dict[str, str]) -> dict[str, str]:
    """A Secret's `data` as the API gives it."""
    return {key: base64.b64encode(value.encode()).decode() for key, value in secret.items()}


def secret_there(resource_id: str, word: str) -> dict[str, str]:
    """Data of a Secret that the operator made of a cluster with PgBouncer, by its id `<namespace>/<name>`; `word` is in
    all of it that is secret. Nothing of other Secrets.
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
