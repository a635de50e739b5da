"""Settings of standalone servers in a stack file, and what changes from one plan to another."""

import copy
from collections.abc import Mapping
from typing import Any

from tests.support.recording import Plan, Recorded, record
from tests.support.stacks import as_config, plan, run_main

NETWORK = {
    "vpcId": "vpc-0123456789abcdef0",
    "subnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "allowedSecurityGroups": ["sg-0123456789abcdef0"],
}
RDS = {"kind": "rds", "region": "eu-central-1", "instance": {"network": NETWORK}}
CLOUD_SQL = {
    "kind": "cloudsql",
    "project": "my-project",
    "region": "europe-west3",
    "instance": {"network": {"network": "projects/my-project/global/networks/default"}},
}


def on(server: Mapping[str, Any], **settings: Any) -> Plan:
    """The plan of both apps on a server."""
    return plan(postgresql={"mode": "standalone", "server": server}, **settings)


def with_password(server: Mapping[str, Any], password: str) -> Plan:
    """The plan of both apps on a server whose admin's password is in the stack file, encrypted."""
    settings = {"postgresql": {"mode": "standalone", "server": server}, "adminPassword": password}
    return record(run_main, config=as_config(settings), secret_keys=("lakehouse:adminPassword",))


def but(server: Mapping[str, Any], **instance: Any) -> dict[str, Any]:
    """The server with other settings of its instance; mappings are merged."""
    changed = copy.deepcopy(dict(server))
    for key, value in instance.items():
        before = changed["instance"].get(key)
        changed["instance"][key] = {**before, **value} if isinstance(before, dict) else value
    return changed


def changed(before: Plan, after: Plan) -> dict[tuple[str, str], tuple[Recorded, Recorded]]:
    """Resources that are in both plans and differ in inputs or options, by type and name."""
    old = {(r.type, r.name): r for r in before.resources}
    new = {(r.type, r.name): r for r in after.resources}
    return {
        key: (old[key], new[key])
        for key in old.keys() & new.keys()
        if (old[key].inputs, old[key].options) != (new[key].inputs, new[key].options)
    }


def names(planned: Plan) -> set[tuple[str, str]]:
    """Type and name of every resource."""
    return {(r.type, r.name) for r in planned.resources}
