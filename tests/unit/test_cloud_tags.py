"""Tags are on every cloud resource that can carry them, and take the form that the cloud wants."""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from stack.check import Mistakes, check
from tests.support.recording import Plan, Recorded
from tests.support.servers import CLOUD_SQL, NETWORK, RDS, but, changed, on

TAGS = {"team": "data", "cost-center": "42"}
EXISTING_CLOUD_SQL = {**CLOUD_SQL, "instance": None, "existing": {"name": "theirs", "admin": {"secretName": "s"}}}
EXISTING_RDS = {**RDS, "instance": None, "existing": {"identifier": "theirs", "admin": {"secretName": "s"}}}
SERVERS = {
    "rds": but(RDS, readReplica={}, network={**NETWORK, "allowedCidrs": ["10.0.0.0/16"]}),
    "cloudsql": CLOUD_SQL,
    "cloudsql behind the proxy": {
        **CLOUD_SQL,
        "authProxy": {"serviceAccount": "a-name@my-project.iam.gserviceaccount.com"},
    },
    "existing cloudsql": EXISTING_CLOUD_SQL,
}
# Names of the argument in the packages.
NAMES = ("tags", "labels", "user_labels")
# Arguments whose own arguments have tags.
WITHIN = ("settings",)


def in_cloud(made: Plan) -> list[Recorded]:
    return [r for r in made.resources if r.type.startswith(("aws:", "gcp:"))]


def places(arguments: type, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where a resource can carry tags, by the package's own arguments of it."""
    names = inspect.signature(arguments).parameters
    yield from ((*above, name) for name in NAMES if name in names)
    for name in WITHIN:
        if name in names:
            inner = getattr(
                inspect.getmodule(arguments), f"{arguments.__name__.removesuffix('Args')}SettingsArgs", None
            )
            assert inner is not None, f"{arguments} has {name} of a class that this test does not find"
            yield from places(inner, (*above, name))


def arguments_of(resource: Recorded) -> type:
    package, place, kind = resource.type.split(":")
    module = importlib.import_module(f"pulumi_{package}.{place.partition('/')[0]}")
    return getattr(module, f"{kind}Args")


def carried(resource: Recorded, path: tuple[str, ...]) -> Any:
    value: Any = resource.inputs
    for name in path:
        first, *rest = name.split("_")
        value = value.get(first + "".join(word.title() for word in rest)) if value else None
    return value


@pytest.mark.parametrize("server", SERVERS)
def test_every_resource_that_can_carry_tags_does(server: str) -> None:
    made = on({**SERVERS[server], "tags": TAGS})
    able = {r.name: (r, path) for r in in_cloud(made) for path in places(arguments_of(r))}
    assert able
    assert {f"{r.type} {name}": carried(r, path) for name, (r, path) in able.items()} == {
        f"{r.type} {name}": TAGS for name, (r, _) in able.items()
    }


def test_what_can_carry_tags_is_found() -> None:
    rds = {r.type for r in in_cloud(on(SERVERS["rds"])) for _ in places(arguments_of(r))}
    assert rds == {r.type for r in in_cloud(on(SERVERS["rds"]))}
    sql = {r.type: list(places(arguments_of(r))) for r in in_cloud(on(CLOUD_SQL))}
    assert sql == {
        "gcp:sql/databaseInstance:DatabaseInstance": [("settings", "user_labels")],
        "gcp:sql/user:User": [],
        "gcp:dns/managedZone:ManagedZone": [("labels",)],
        "gcp:dns/recordSet:RecordSet": [],
    }


@pytest.mark.parametrize("server", SERVERS)
def test_no_tags_change_nothing(server: str) -> None:
    assert changed(on(SERVERS[server]), on({**SERVERS[server], "tags": {}})) == {}
    assert not [r.name for r in in_cloud(on(SERVERS[server])) for path in places(arguments_of(r)) if carried(r, path)]


@pytest.mark.parametrize(
    ("server", "tags"),
    [
        (RDS, {"k" * 128: "v" * 256, "Größe = 1 GiB": "", "a_.:/=+-@b": "x y"}),
        (RDS, {f"key{number}": "" for number in range(50)}),
        (CLOUD_SQL, {"k" * 63: "v" * 63, "größe": "", "a_-9": "0-_"}),
    ],
    ids=["aws", "many", "google"],
)
def test_tags_at_an_edge(server: dict[str, Any], tags: dict[str, str]) -> None:
    assert check({"postgresql": {"mode": "standalone", "server": {**server, "tags": tags}}})


@pytest.mark.parametrize(
    ("server", "tags", "path", "allowed"),
    [
        (RDS, {"aws:owner": "x"}, ("aws:owner",), "does not begin with aws: or rds:"),
        (RDS, {"AWS:owner": "x"}, ("AWS:owner",), "does not begin with aws: or rds:"),
        (RDS, {"rds:owner": "x"}, ("rds:owner",), "does not begin with aws: or rds:"),
        (RDS, {"": "x"}, ("",), "1 to 128 characters"),
        (RDS, {"k" * 129: "x"}, ("k" * 129,), "1 to 128 characters"),
        (RDS, {"a,b": "x"}, ("a,b",), "a key of letters"),
        (RDS, {"a": "50%"}, ("a",), "a value of letters"),
        (RDS, {"a": "v" * 257}, ("a",), "at most 256 characters"),
        (RDS, {"a": "aws:x"}, ("a",), "does not begin with aws:"),
        (RDS, {"a": 42}, ("a",), "text"),
        (RDS, {f"key{number}": "" for number in range(51)}, (), "at most 50"),
        (EXISTING_RDS, {"a": "x"}, (), "the program creates nothing in AWS"),
        (CLOUD_SQL, {"Team": "x"}, ("Team",), "a key of lower-case letters"),
        (CLOUD_SQL, {"9lives": "x"}, ("9lives",), "beginning with a letter"),
        (CLOUD_SQL, {"": "x"}, ("",), "beginning with a letter"),
        (CLOUD_SQL, {"k" * 64: "x"}, ("k" * 64,), "at most 63 characters"),
        (CLOUD_SQL, {"team": "Data"}, ("team",), "a value of lower-case letters"),
        (CLOUD_SQL, {"team": "a b"}, ("team",), "a value of lower-case letters"),
        (CLOUD_SQL, {"team": "v" * 64}, ("team",), "at most 63 characters"),
        (CLOUD_SQL, {f"key{number}": "" for number in range(51)}, (), "at most 50"),
        ({**EXISTING_CLOUD_SQL, "tls": "require"}, {"a": "x"}, (), "the program creates nothing in Google Cloud"),
    ],
    ids=str,
)
def test_tags_that_the_cloud_would_not_take(
    server: dict[str, Any], tags: dict[str, Any], path: tuple[str, ...], allowed: str
) -> None:
    with pytest.raises(Mistakes) as error:
        check({"postgresql": {"mode": "standalone", "server": {**server, "tags": tags}}})
    (mistake,) = error.value.mistakes
    assert mistake.path == ("postgresql", "server", "tags", *path)
    assert allowed in mistake.allowed
