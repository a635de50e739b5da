"""Configuration of Pulumi's packages (`aws:defaultTags` and the like) reaches the program's own providers."""

import inspect
import json
from typing import Any, get_args, get_origin

import pulumi
import pulumi_aws
import pulumi_gcp
import pytest
from pulumi._types import input_type_py_to_pulumi_names

from components.forms.report import report
from stack.check import Mistakes
from stack.load import parse
from tests.support.kinds import AWS_PROVIDER, GCP_PROVIDER
from tests.support.recording import Plan, mask, record, reveal
from tests.support.servers import CLOUD_SQL, RDS, but
from tests.support.stacks import as_config, as_text, run_main

PACKAGES: dict[str, tuple[type, dict[str, Any], str]] = {
    "aws": (pulumi_aws.ProviderArgs, RDS, AWS_PROVIDER),
    "gcp": (pulumi_gcp.ProviderArgs, CLOUD_SQL, GCP_PROVIDER),
}
EXISTING = {
    "aws": {"kind": "rds", "region": "eu-central-1", "existing": {"identifier": "i", "admin": {"secretName": "s"}}},
    "gcp": {**CLOUD_SQL, "instance": None, "existing": {"name": "i", "admin": {"secretName": "s"}}},
}
OWN = {"aws": ("region", "profile"), "gcp": ("project", "region")}


def configured(server: dict[str, Any], config: dict[str, Any], secret: tuple[str, ...] = ()) -> Plan:
    settings = as_config({"postgresql": {"mode": "standalone", "server": server}})
    given = {key: as_text(value) for key, value in config.items()}
    return record(run_main, config={**settings, **given}, secret_keys=secret)


def example(annotation: Any) -> Any:
    """A value of a property's type."""
    wanted = get_args(annotation)[0]
    if wanted in (str, bool, int):
        return {str: "text", bool: True, int: 7}[wanted]
    origin = get_origin(wanted)
    if (origin is not None and issubclass(origin, list | tuple)) or "Sequence" in str(wanted):
        return [{"camelKey": "x"}] if "Args" in str(wanted) else ["a", "b"]
    return {"camelKey": {"snake_key": "x"}}


def examples(package: str) -> dict[str, Any]:
    """A value for each property that the package's provider has, but for those that the server's own settings give."""
    args = PACKAGES[package][0]
    parameters = inspect.signature(args).parameters
    keys = input_type_py_to_pulumi_names(args)
    return {keys[name]: example(parameters[name].annotation) for name in parameters if keys[name] not in OWN[package]}


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("existing", [False, True], ids=["created", "existing"])
def test_every_setting_of_the_package_reaches_the_provider(package: str, existing: bool) -> None:
    wanted = examples(package)
    assert len(wanted) > 20
    _, server, kind = PACKAGES[package]
    made = configured(EXISTING[package] if existing else server, {f"{package}:{k}": v for k, v in wanted.items()})
    found = reveal(made.one(kind, f"postgresql-{package}").raw)
    # The packages' providers take everything but text as JSON.
    assert {key: found.get(key) for key in wanted} == {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in wanted.items()
    }


def test_nothing_is_added_where_nothing_is_configured(package: str) -> None:
    _, server, kind = PACKAGES[package]
    found = configured(server, {}).one(kind, f"postgresql-{package}").inputs
    own = {
        # Two are defaults of pulumi-aws itself.
        "aws": {"region": "eu-central-1", "skipCredentialsValidation": "false", "skipRegionValidation": "true"},
        "gcp": {"project": "my-project", "region": "europe-west3"},
    }
    assert {key: value for key, value in found.items() if value is not None} == own[package]


def test_encrypted_settings_stay_secrets() -> None:
    config = {"aws:secretKey": "hunter2", "aws:assumeRoles": [{"externalId": "hunter2"}], "aws:maxRetries": 3}
    made = configured(RDS, config, ("aws:secretKey", "aws:assumeRoles"))
    inputs = made.one(AWS_PROVIDER, "postgresql-aws").inputs
    assert (inputs["secretKey"], inputs["assumeRoles"], inputs["maxRetries"]) == ("[secret]", "[secret]", "3")
    assert not [r.name for r in made.resources if "hunter2" in json.dumps(mask(r.raw))]


@pytest.mark.parametrize(
    ("server", "config"),
    [
        (RDS, {"aws:accessKey": "hunter2", "aws:secretKey": "hunter2", "aws:token": "hunter2"}),
        (RDS, {"aws:assumeRoleWithWebIdentity": {"webIdentityToken": "hunter2"}}),
        (CLOUD_SQL, {"gcp:credentials": "hunter2", "gcp:accessToken": "hunter2"}),
        (CLOUD_SQL, {"gcp:externalCredentials": {"identityToken": "hunter2"}}),
    ],
    ids=str,
)
def test_credentials_are_secrets_even_if_the_stack_file_has_them_in_clear(
    server: dict[str, Any], config: dict[str, Any]
) -> None:
    made = configured(server, config)
    assert not [r.name for r in made.resources if "hunter2" in json.dumps(mask(r.raw))]


def test_profile_is_the_packages_where_the_server_names_none() -> None:
    server = but(RDS, parameters={"max_connections": 500})
    made = configured(server, {"aws:profile": "prod", "aws:region": "eu-central-1"})
    assert made.one(AWS_PROVIDER, "postgresql-aws").inputs["profile"] == "prod"
    assert "--region eu-central-1 --profile prod " in made.outputs["postgresql"]["restart"]


@pytest.mark.parametrize(
    ("server", "key", "value", "allowed"),
    [
        (RDS, "aws:region", "us-east-1", "nothing, or eu-central-1 as `server.region` says"),
        ({**RDS, "profile": "prod"}, "aws:profile", "dev", "nothing, or prod as `server.profile` says"),
        (CLOUD_SQL, "gcp:project", "another", "nothing, or my-project as `server.project` says"),
        (CLOUD_SQL, "gcp:region", "europe-west1", "nothing, or europe-west3 as `server.region` says"),
    ],
    ids=str,
)
def test_contradiction_is_refused(server: dict[str, Any], key: str, value: str, allowed: str) -> None:
    config = {**as_config({"postgresql": {"mode": "standalone", "server": server}}), key: value}
    with pytest.raises(Mistakes) as error:
        parse(config, "lakehouse")
    (mistake,) = error.value.mistakes
    assert (mistake.path, mistake.found) == ((key,), value)
    assert mistake.allowed.startswith(allowed)
    with pytest.raises(Mistakes) as error:
        parse(config, "lakehouse", [key])
    assert value not in report(error.value.mistakes, stack="test")


def test_only_servers_of_the_stack_are_contradicted() -> None:
    settings = as_config({"moveFrom": {"mode": "standalone", "server": RDS}})
    assert parse({**settings, "aws:region": "eu-central-1"}, "lakehouse")
    with pytest.raises(Mistakes):
        parse({**settings, "aws:region": "us-east-1"}, "lakehouse")
    # Configuration of a package that the stack does not use is not checked.
    assert parse({**as_config({}), "aws:region": "us-east-1"}, "lakehouse")


@pytest.mark.parametrize(
    ("key", "value", "found", "allowed"),
    [
        ("aws:defaultTag", {"tags": {}}, '{"tags": {}}', "did you mean `aws:defaultTags`? Known keys: accessKey, "),
        ("aws:assume_roles", [], "[]", "did you mean `aws:assumeRoles`?"),
        ("aws:xyzzy", "1", '"1"', "nothing: pulumi-aws has no such setting."),
        ("aws:defaultTags", "team=data", '"team=data"', "a mapping"),
        ("aws:allowedAccountIds", "123456789012", '"123456789012"', "a list"),
        ("aws:maxRetries", "few", '"few"', "a whole number"),
        ("aws:maxRetries", True, "true", "a whole number"),
        ("aws:skipRegionValidation", "yes", '"yes"', "true or false"),
        ("aws:secretKeys", "hunter2", "(not shown)", "did you mean `aws:secretKey`?"),
    ],
)
def test_what_the_package_would_not_take_is_refused_before_anything_is_created(
    key: str, value: Any, found: str, allowed: str
) -> None:
    with pytest.raises(pulumi.RunError) as error:
        configured(RDS, {key: value})
    head, block = str(error.value).split("\n\n")
    assert head == "Pulumi.test.yaml has 1 mistake; nothing was created."
    path, found_line, allowed_line = block.splitlines()
    assert (path, found_line) == (f"  {key}", f"    found    {found}")
    assert allowed_line.startswith(f"    allowed  {allowed}")


def test_encrypted_mistake_is_not_shown() -> None:
    with pytest.raises(pulumi.RunError) as error:
        configured(RDS, {"aws:endpoints": "hunter2"}, ("aws:endpoints",))
    assert "(a secret)" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_default_tags_are_those_of_the_stack_file_as_they_are_written() -> None:
    tags = {"tags": {"cost-center": "42", "Owner_Team": "data"}}
    made = configured(but(RDS, readReplica={}), {"aws:defaultTags": tags})
    assert json.loads(made.one(AWS_PROVIDER, "postgresql-aws").inputs["defaultTags"]) == tags
