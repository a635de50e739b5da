"""Every PostgresCluster that a stack file can ask for is one that the CRD of the operator allows, to the last field."""

import copy
import itertools
import json
import re
from typing import Any

import pytest

from components.servers.crunchydata import cluster
from components.servers.crunchydata.pins import PGO_CHART
from components.servers.crunchydata.settings import CrunchyDataSettings
from stack.check import Mistakes, check
from tests.support.crunchydata import complaints, crd, schema, status_fields
from tests.support.crunchydata_stacks import EVERYWHERE, postgres_cluster, servers, settings_of, standalone

SERVERS = servers()
VERSIONS = ("v1beta1", "v1")
each_version = pytest.mark.parametrize("version", VERSIONS)


@each_version
@pytest.mark.parametrize("server", SERVERS, ids=[f"{i}-{'-'.join(it)}"[:60] for i, it in enumerate(SERVERS)])
def test_every_cluster_is_allowed(server: dict[str, Any], version: str) -> None:
    assert complaints(version, postgres_cluster(server)) == []


def test_range_reaches_every_setting_and_every_part_of_the_object() -> None:
    given = {name for server in SERVERS for name in server}
    names = {field.alias for field in CrunchyDataSettings.model_fields.values()}
    assert given | {"kind"} == names
    parts = {part for server in SERVERS for part in postgres_cluster(server)["spec"]}
    assert parts == {
        *("postgresVersion", "port", "users", "config", "patroni", "instances", "backups", "image", "proxy"),
        "dataSource",
    }


@each_version
@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("spec", "shards"), 2, "'shards' was unexpected"),
        (("spec", "instances", 0, "volume"), {}, "'volume' was unexpected"),
        (("spec", "proxy", "pgBouncer", "config", "pool_mode"), "session", "'pool_mode' was unexpected"),
        (("spec", "backups", "pgbackrest", "repos", 1, "s3", "keys"), {}, "'keys' was unexpected"),
        (("spec", "postgresVersion"), "17", "'17' is not of type 'integer'"),
        (("spec", "config", "parameters", "jit"), False, "False is not of type"),
        (("spec", "users", 0, "name"), "with_underscore", "does not match"),
    ],
    ids=str,
)
def test_schema_refuses_what_is_wrong(path: tuple[Any, ...], value: Any, complaint: str, version: str) -> None:
    wrong = copy.deepcopy(postgres_cluster({"backups": EVERYWHERE, "pooler": {}}))
    *above, last = path
    part: Any = wrong
    for key in above:
        part = part[key]
    part[last] = value
    assert complaint in "\n".join(complaints(version, wrong))


@each_version
def test_pulumi_waits_for_fields_that_the_status_has(version: str) -> None:
    known = set(status_fields(version))
    for expression in json.loads(cluster.ready_when(settings_of({"pooler": {}}))):
        match = re.fullmatch(r"jsonpath=\{\.status(?P<path>[^}]+)\}(=[0-9]+)?", expression)
        assert match is not None
        assert re.sub(r"\[[^]]*\]", "", match["path"]) in known


def test_operators_version_is_that_of_the_crd() -> None:
    assert crd()["metadata"]["labels"]["app.kubernetes.io/version"] == PGO_CHART.version
    assert cluster.API_VERSION.rpartition("/")[2] in [v["name"] for v in crd()["spec"]["versions"] if v["served"]]


def _reserved_for_the_operator() -> list[str]:
    rules = schema("v1beta1")["properties"]["spec"]["properties"]["config"]["properties"]["parameters"]
    found: set[str] = set()
    for rule in (it["rule"] for it in rules["x-kubernetes-validations"]):
        found.update(re.findall(r"has\(self\.(\w+)\)", rule))
        found.update(f"{prefix}x" for prefix in re.findall(r"startsWith\(\"(\w+)\"\)", rule))
    return sorted(found)


def test_settings_that_are_reserved_for_the_operator_are_refused_in_the_stack_file() -> None:
    reserved = _reserved_for_the_operator()
    assert {"listen_addresses", "ssl", "ssl_x", "archive_command", "wal_level", "recovery_target_x"} <= set(reserved)
    with pytest.raises(Mistakes) as error:
        check(standalone(parameters=dict.fromkeys(reserved, "x")))
    assert [mistake.path[-1] for mistake in error.value.mistakes] == reserved


def test_range_is_one_of_many() -> None:
    assert len(SERVERS) >= 80
    texts = [json.dumps(server, sort_keys=True) for server in SERVERS]
    assert all(one != other for one, other in itertools.combinations(texts, 2))
