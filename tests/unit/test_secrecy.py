"""A generated password is in the Secrets, as a secret, and nowhere else."""

import base64

import pytest

from tests.support.kinds import PASSWORD, SECRET
from tests.support.recording import GENERATED, Plan, mask, record, reveal, values
from tests.support.secrecy import has_password
from tests.support.stacks import plan

MADE = {
    "a namespace each": {},
    "one namespace": {"namespace": "lakehouse"},
    "rotated": {"airbyte": {"database": {"passwordRotation": 2, "embedded": {"adminPasswordRotation": 2}}}},
    "moved": {
        "moveFrom": {
            "mode": "standalone",
            "server": {"kind": "existing", "host": "h", "tls": "require", "admin": {"secretName": "db-admin"}},
        }
    },
    "s3": {
        "airbyte": {
            "storage": {"kind": "s3", "region": "eu-central-1", "bucket": "b-1", "credentials": {"secretName": "s"}}
        }
    },
}


@pytest.fixture(params=MADE.values(), ids=MADE)
def made(request: pytest.FixtureRequest) -> Plan:
    return plan(**request.param)


def test_the_marker_is_found_where_it_is() -> None:
    assert has_password({"a": [{"b": f"postgresql://u:{GENERATED}-x@h/d"}]})


def test_the_marker_is_found_in_base64() -> None:
    assert has_password({"data": {"uri": base64.b64encode(f"postgresql://u:{GENERATED}-x@h/d".encode()).decode()}})


def test_passwords_are_nowhere_in_the_open(made: Plan) -> None:
    assert [r.name for r in made.resources if has_password(mask(r.raw))] == []
    assert not has_password(mask(made.outputs))


def test_passwords_are_in_the_secrets_data_alone(made: Plan) -> None:
    carriers = {r.type for r in made.resources if has_password(reveal(r.raw))}
    assert carriers == {SECRET}
    for secret in made.of_type(SECRET):
        elsewhere = {key: value for key, value in secret.raw.items() if key != "data"}
        assert set(secret.inputs["data"].values()) == {"[secret]"}
        assert has_password(values(secret))
        assert not has_password(reveal(elsewhere))


def test_secrets_are_made_as_the_api_server_keeps_them_key_by_key(made: Plan) -> None:
    # `stringData` becomes `data`: in the preview of a rotation the one would be removed and the other added. And a
    # mapping that is one secret is unknown as a whole when one of its values is.
    for secret in made.of_type(SECRET):
        assert "stringData" not in secret.raw
        assert values(secret).keys() == secret.inputs["data"].keys()


def test_the_only_output_with_a_password_is_a_secret(made: Plan) -> None:
    for outputs in (made.outputs[app] for app in ("airbyte", "dagster")):
        carriers = [key for key, value in reveal(outputs).items() if has_password(value)]
        assert carriers == ["connectionString"]
        assert mask(outputs["connectionString"]) == "[secret]"


def test_nothing_but_secrets_depends_on_a_password(made: Plan) -> None:
    # A chart value or pod that depends on one is unknown in the first preview, and masked in every later one.
    passwords = {r.urn for r in made.of_type(PASSWORD)}
    users = {(r.type, name) for r in made.resources for name, needs in r.property_needs.items() if needs & passwords}
    assert users == {(SECRET, "data")}


def test_every_password_is_used(made: Plan) -> None:
    used = " ".join(text for secret in made.of_type(SECRET) for text in values(secret).values())
    for password in made.of_type(PASSWORD):
        assert f"{GENERATED}-{password.name}" in used


def test_the_recorder_would_show_a_password_in_the_open() -> None:
    import pulumi  # noqa: PLC0415
    import pulumi_kubernetes as k8s  # noqa: PLC0415

    def leak() -> None:
        k8s.core.v1.ConfigMap("leak", data={"password": f"{GENERATED}-x"})
        pulumi.export("leak", f"{GENERATED}-x")

    leaky = record(leak)
    assert [r.name for r in leaky.resources if has_password(mask(r.raw))] == ["leak"]
    assert has_password(mask(leaky.outputs))
