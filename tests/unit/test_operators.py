"""Both operators' kinds of server have the same keys for the same thing, and their settings need no Helm."""

import subprocess
import sys

import pytest
from pydantic import BaseModel

from components.postgres.pooler.settings import PoolerSettings
from components.servers.cloudnativepg import backups as cloudnativepg
from components.servers.cloudnativepg.pooler import CloudNativePGPooler
from components.servers.cloudnativepg.settings import CloudNativePGSettings
from components.servers.crunchydata import backups as crunchydata
from components.servers.crunchydata.pooler import CrunchyDataPooler
from components.servers.crunchydata.settings import CrunchyDataSettings
from stack.check import Mistakes, check
from tests.support.crunchydata_stacks import VOLUME
from tests.support.stacks import ROOT

BUCKET = {"bucket", "path", "credentials", "schedule", "retentionDays"}


def keys(model: type[BaseModel]) -> set[str]:
    return {str(field.alias) for field in model.model_fields.values()}


def test_servers_have_the_same_keys() -> None:
    shared = keys(CloudNativePGSettings) & keys(CrunchyDataSettings)
    assert shared == {
        *("kind", "name", "image", "instances", "synchronous", "storageSize", "storageClass", "walStorageSize"),
        *("memory", "cpu", "cpuLimit", "maxConnections", "parameters", "nodeSelector", "pooler", "backups"),
        *("operator", "deletionProtection", "restoreFrom"),
    }


def test_poolers_have_the_same_keys() -> None:
    assert keys(PoolerSettings) == keys(CloudNativePGPooler) & keys(CrunchyDataPooler)
    assert keys(CloudNativePGPooler) - keys(PoolerSettings) == {"image"}
    assert keys(CrunchyDataPooler) - keys(PoolerSettings) == {"memory", "cpu", "cpuLimit"}


def test_backups_to_a_bucket_have_the_same_keys() -> None:
    assert keys(cloudnativepg.S3Backups) & keys(crunchydata.S3Repository) == {*BUCKET, "endpoint"}
    assert keys(cloudnativepg.GcsBackups) & keys(crunchydata.GcsRepository) == BUCKET


@pytest.mark.parametrize("kind", ["cloudnativepg", "crunchydata"])
def test_pools_are_counted_for_the_databases_of_the_deployed_apps(kind: str) -> None:
    backups = {"backups": VOLUME} if kind == "crunchydata" else {}
    server = {"kind": kind, **backups, "pooler": {"maxDbConnections": 40}}
    stack = {"postgresql": {"mode": "standalone", "server": server}}
    check({**stack, "airbyte": {"enabled": False}})
    with pytest.raises(Mistakes) as error:
        check(stack)
    assert [mistake.path[-1] for mistake in error.value.mistakes] == ["maxDbConnections"]


@pytest.mark.parametrize("kind", ["cloudnativepg", "crunchydata"])
def test_settings_are_read_without_helm(kind: str) -> None:
    unwanted = "{'requests', 'components.helm.release', 'components.servers.operator_release'}"
    program = f"import sys, components.servers.{kind}.settings; print({unwanted} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
