"""Stacks with Airbyte's official charts, and what there is around Airbyte in each: the program's objects, on mocks."""

import functools
from typing import Any

import yaml

from tests.contract.surroundings import Surroundings
from tests.support import clouds
from tests.support.kinds import RELEASE, SECRET, SERVICE
from tests.support.manifests import plain
from tests.support.recording import Plan
from tests.support.stacks import ROOT, as_text, config_of, plan_program

Fields = dict[str, Any]

EXISTING = {
    "mode": "standalone",
    "server": {
        "kind": "existing",
        "host": "db.example.com",
        "port": 6432,
        "tls": "require",
        "admin": {"secretName": "a"},
    },
}
KEY = {"secretName": "airbyte-s3", "accessKeyIdKey": "access-key", "secretAccessKeyKey": "secret-key"}
S3_KEY = {"kind": "s3", "region": "eu-central-1", "bucket": "lake", "credentials": KEY}
S3_COMPATIBLE = {"kind": "s3-compatible", "endpoint": "https://s3.example.com", "bucket": "lake", "credentials": KEY}
OTHER_KEY_FILE = {"secretName": "airbyte-gcs", "jsonKey": "key.json"}

# By name: a stack file, and what is changed of its settings. The number in the name is the chart's major version.
STACKS: dict[str, tuple[str, Fields]] = {
    "airbyte-1-prod-aws": ("prod-aws", {}),
    "airbyte-1-prod-gcp": ("prod-gcp", {"airbyte": {"storage": {"credentials": OTHER_KEY_FILE}}}),
    "airbyte-1-prod-operator": ("prod-operator", {}),
    "airbyte-1-s3-key": ("dev", {"postgresql": EXISTING, "airbyte": {"storage": S3_KEY}}),
    "airbyte-2-dev": ("dev", {}),
    "airbyte-2-prod-aws": ("prod-aws", {}),
    "airbyte-2-prod-gcp": ("prod-gcp", {}),
    "airbyte-2-prod-operator": ("prod-operator", {}),
    "airbyte-2-s3-compatible": ("dev", {"airbyte": {"storage": S3_COMPATIBLE}}),
    "airbyte-2-s3-key": ("dev", {"postgresql": EXISTING, "airbyte": {"storage": S3_KEY}}),
}
VERSIONS = {1: "1.9.2", 2: "2.2.0"}

# Keys of the Secret that the bootloader makes at run time; those of 2.x are in its environment.
BOOTLOADERS_SECRET = "airbyte-auth-secrets"
BOOTLOADERS_KEYS = {
    *("dataplane-client-id", "dataplane-client-secret", "jwt-signature-secret"),
    *("instance-admin-password", "instance-admin-client-id", "instance-admin-client-secret"),
}
# The internet's; and those of parts that do not run: Keycloak (not in the community edition), the web app, which
# the server contains since 1.6, and the manifest server, which is not in 1.x.
OUTSIDE = frozenset(
    {
        "localhost",
        "connectors.airbyte.com",
        "airbyte-airbyte-keycloak-svc.airbyte",
        "airbyte-airbyte-webapp-svc",
        "airbyte-airbyte-unused-svc",
    }
)


def settings(case: str) -> Fields:
    """What the stack file of a case says, by key without the project's prefix."""
    file, changes = STACKS[case]
    said: Fields = yaml.safe_load((ROOT / f"Pulumi.{file}.yaml").read_text())["config"]
    given = {key.removeprefix("lakehouse:"): value for key, value in said.items()}
    major = int(case.split("-")[1])
    return merged(merged(given, changes), {"airbyte": {"chart": {"version": VERSIONS[major]}}})


@functools.cache
def planned(case: str) -> Plan:
    """What the program makes of the case."""
    return plan_of(STACKS[case][0], settings(case))


def plan_of(file: str, said: Fields) -> Plan:
    """What the program makes of a stack file, with these settings in place of its own."""
    config = config_of(ROOT / f"Pulumi.{file}.yaml")
    config |= {f"lakehouse:{key}": as_text(value) for key, value in said.items()}
    return plan_program(config, "test")


def values(case: str) -> Fields:
    """The values that Airbyte's chart gets, without annotations, of which no fact depends."""
    return _unannotated(plain(planned(case).one(RELEASE, "airbyte").raw["values"]))


def surroundings(case: str, found: Fields) -> Surroundings:
    """What there is for the pods of the case's facts, in namespace `airbyte`."""
    secrets, hosts = made_for(planned(case), "airbyte")
    airbyte = settings(case)["airbyte"]
    credentials: Fields = airbyte.get("storage", {}).get("credentials", {})
    if credentials:
        secrets[credentials["secretName"]] = {value for key, value in credentials.items() if key != "secretName"}
    if "url" in airbyte:
        hosts[airbyte["url"].removeprefix("https://")] = {443}
    secrets[BOOTLOADERS_SECRET] = _bootloaders_keys(found)
    return Surroundings("airbyte", secrets, hosts, OUTSIDE)


def made_for(plan: Plan, app: str) -> tuple[dict[str, set[str]], dict[str, set[int]]]:
    """Keys of the Secrets that the program makes in an app's namespace, and ports of all hosts that there are."""
    made_here = [r for kind in (SECRET, SERVICE) for r in plan.of_type(kind) if "read" not in r.options]
    secrets: dict[str, set[str]] = {}
    hosts = _hosts_of_others(plan)
    for made in (plain(r.raw) for r in made_here):
        name, namespace = made["metadata"]["name"], made["metadata"]["namespace"]
        if "spec" in made:
            hosts[f"{name}.{namespace}.svc.cluster.local"] = {port["port"] for port in made["spec"]["ports"]}
        elif namespace == app:
            secrets[name] = {*(made.get("data") or {}), *(made.get("stringData") or {})}
    return secrets, hosts


def _hosts_of_others(plan: Plan) -> dict[str, set[int]]:
    """Hosts that an operator, a cloud or somebody else gives."""
    # CloudNativePG's Services: a pooler's has its name.
    ends = {"Cluster": "-rw", "Pooler": ""}
    operators = {
        f"{r.inputs['metadata']['name']}{end}.{r.inputs['metadata']['namespace']}.svc.cluster.local": {5432}
        for r in plan.resources
        for kind, end in ends.items()
        if r.type.endswith(f":{kind}")
    }
    instance = clouds.looked_up("aws:rds/getInstance:getInstance", {"dbInstanceIdentifier": "lakehouse"})
    return {
        **operators,
        instance["address"]: {5432},
        clouds.DNS_NAME.rstrip("."): {5432},
        "db.example.com": {6432},
        "s3.example.com": {443},
    }


def _bootloaders_keys(found: Fields) -> set[str]:
    for pod, parts in found["pods"].items():
        if pod.endswith("bootloader"):
            told = parts["airbyte-bootloader-container"]["values"]
            if "AB_KUBERNETES_SECRET_NAME" in told:
                assert told["AB_KUBERNETES_SECRET_NAME"] == BOOTLOADERS_SECRET
                return {value for name, value in told.items() if name.endswith("_SECRET_KEY")}
    return BOOTLOADERS_KEYS


def merged(given: Fields, changes: Fields) -> Fields:
    """Mappings key by key; a mapping of another `kind` or `mode` replaces the one before."""
    both = dict(given)
    for key, value in changes.items():
        before = both.get(key)
        told = isinstance(value, dict) and not {"kind", "mode"} & value.keys()
        both[key] = merged(before, value) if told and isinstance(before, dict) else value
    return both


def _unannotated(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {key: _unannotated(inner) for key, inner in value.items() if key != "podAnnotations"}
    return {key: inner for key, inner in kept.items() if inner != {} or value[key] == {}}
