"""From Pulumi's configuration to settings, and what the program does when there is a mistake."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.platform.settings import Stack
from stack.check import Mistakes
from stack.load import decode, load, parse
from tests.support.certificates import ONE as CERTIFICATE
from tests.support.recording import record
from tests.support.stacks import STACK_FILES, as_config, config_of, plan_program, run_main, stack_name

STORAGE = {"region": "eu-central-1", "bucket": "my-bucket"}


def existing(admin: dict[str, Any] | None = None, **server: Any) -> dict[str, Any]:
    """A server that is already there, in `postgresql`."""
    given = {"kind": "existing", "host": "db.example.com", "admin": admin or {"secretName": "owner"}, **server}
    return {"mode": "standalone", "server": given}


GOOD: dict[str, dict[str, Any]] = {
    "nothing at all": {},
    "one namespace for both": {"namespace": "lakehouse"},
    "no namespace": {"namespace": ""},
    "one app": {"airbyte": {"enabled": False}},
    "the same release name in two namespaces": {"airbyte": {"releaseName": "a"}, "dagster": {"releaseName": "a"}},
    "a disabled app clashes with nothing": {
        "namespace": "lakehouse",
        "airbyte": {"enabled": False, "releaseName": "a"},
        "dagster": {"releaseName": "a"},
    },
    "a namespace that is there": {"namespace": "default", "cluster": {"createNamespaces": False}},
    "null where a setting may be absent": {"airbyte": {"url": None}, "cluster": {"context": None}},
    "s3 by key": {"airbyte": {"storage": {"kind": "s3", **STORAGE, "credentials": {"secretName": "s3"}}}},
    "s3 by role": {
        "airbyte": {
            "storage": {"kind": "s3", **STORAGE, "workloadIdentity": {"roleArn": "arn:aws:iam::123456789012:role/a"}}
        }
    },
    "gcs with a chart 1.x": {
        "airbyte": {
            "chart": {"version": "1.8.5"},
            "storage": {"kind": "gcs", "project": "my-project", "bucket": "b-1", "credentials": {"secretName": "gcs"}},
        }
    },
    "charts from elsewhere": {
        "airbyte": {"chart": {"oci": "oci://registry.example.com:5000/charts/airbyte", "version": "2.2.0-rc.1"}},
        "dagster": {"chart": {"repository": "https://charts.example.com", "version": "1.13.0"}},
    },
    "values that are nobody else's": {
        "airbyte": {
            "database": {"embedded": {"memory": "4Gi", "maxConnections": 400}},
            "values": {"global": {"storage": {"bucket": {"log": "logs"}}}, "server": {"replicaCount": 2}},
        },
        "dagster": {"values": {"dagsterDaemon": {"env": {"TZ": "UTC"}}, "imagePullSecrets": [{"name": "DB"}]}},
    },
    "values that the charts do not know, passed on": {
        "airbyte": {"chart": {"unknownValues": "allow"}, "values": {"gloabl": {}, "mine": {"a": [1]}}},
        "dagster": {"chart": {"unknownValues": "allow"}, "values": {"dagit": {"replicaCount": 2}}},
    },
    "runs where Dagster is, by name": {
        "dagster": {"namespace": "d", "values": {"runLauncher": {"config": {"k8sRunLauncher": {"jobNamespace": "d"}}}}}
    },
    "an ingress that the URL leads to": {
        "dagster": {
            "url": "https://data.example.com/dagster",
            "values": {
                "dagsterWebserver": {"pathPrefix": "/dagster"},
                "ingress": {"enabled": True, "dagsterWebserver": {"host": "data.example.com", "path": "/dagster/*"}},
            },
        }
    },
    "a chart from elsewhere whose user code is told, or not deployed": {
        "dagster": {
            "chart": {"oci": "oci://registry.example.com/dagster"},
            "database": {"passwordRotation": 2},
            "values": {"dagster-user-deployments": {"deployments": []}},
        }
    },
    "values that a newer chart may know": {
        "airbyte": {"values": {"server": {"somethingNew": 1}, "global": {"zzz": {}}}},
        "dagster": {"values": {"dagsterDaemon": {"somethingNew": 1}, "defsStateStorage": {}}},
    },
    "an image by digest": {"postgresql": {"image": f"mirror.example.com:5000/postgres:17.4@sha256:{'0' * 64}"}},
    "a server that is there, checked": {"postgresql": existing(caCertificates=CERTIFICATE)},
    "two authorities, lines ended as on Windows": {
        "postgresql": existing(caCertificates=(CERTIFICATE * 2).replace("\n", "\r\n"), tls="verify-full")
    },
    "a server that is there, encrypted": {"postgresql": existing(tls="require", port=6432)},
    "a server that is there, in clear": {"postgresql": existing(tls="disable", host="10.0.0.7")},
    "keys of the admin's Secret": {
        "postgresql": existing(
            {"secretName": "owner", "usernameKey": "user.name", "passwordKey": "PASSWORD", "database": "maintenance"},
            tls="require",
        )
    },
    "the admin's Secret in a namespace that is there": {
        "namespace": "lakehouse",
        "cluster": {"createNamespaces": False},
        "postgresql": {**existing(tls="require"), "namespace": "default"},
    },
    "one app on a server that is there": {
        "postgresql": {**existing(tls="require"), "namespace": "airbyte"},
        "airbyte": {"enabled": False},
    },
    "another edition without TLS": {
        "postgresql": existing(tls="disable"),
        "airbyte": {"values": {"global": {"edition": "enterprise"}}},
    },
    "the edition that it is": {
        "postgresql": existing(tls="require"),
        "airbyte": {"values": {"global": {"edition": "community"}}},
    },
    "volumes of a user's own": {
        "postgresql": existing(caCertificates=CERTIFICATE),
        "airbyte": {"values": {"server": {"extraVolumes": [], "extraVolumeMounts": None}}},
        "dagster": {
            "values": {
                "dagsterDaemon": {"volumes": [{"name": "mine", "emptyDir": {}}]},
                "dagster-user-deployments": {"deployments": [{"name": "etl", "env": [{"name": "PGSSLMODE"}]}]},
            }
        },
    },
    "every sort of parameter": {
        "dagster": {"database": {"embedded": {"parameters": {"jit": False, "geqo_effort": 3, "cpu_tuple_cost": 0.02}}}}
    },
}


@pytest.mark.parametrize("settings", GOOD.values(), ids=GOOD)
def test_good_stack_is_accepted(settings: dict[str, Any]) -> None:
    assert isinstance(parse(as_config(settings), "lakehouse"), Stack)


def test_an_admin_whose_password_is_encrypted_is_accepted_and_not_shown() -> None:
    config = as_config({"postgresql": existing({"username": "owner"}, tls="require"), "adminPassword": "hunter2"})
    stack = parse(config, "lakehouse", ["lakehouse:adminPassword"])
    assert stack.admin_password is not None
    assert stack.admin_password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(stack) + stack.model_dump_json()


@pytest.mark.parametrize("password", ["12345", "true", "null", '{"a": 1}', '"quoted"', " spaces "])
def test_an_admins_password_is_text_whatever_it_looks_like(password: str) -> None:
    config = as_config({"postgresql": existing({"username": "owner"}, tls="require")})
    config["lakehouse:adminPassword"] = password
    stack = parse(config, "lakehouse", ["lakehouse:adminPassword"])
    assert stack.admin_password is not None
    assert stack.admin_password.get_secret_value() == password


@pytest.mark.parametrize("path", STACK_FILES, ids=stack_name)
def test_stack_file_is_accepted(path: Path) -> None:
    assert isinstance(parse(config_of(path), "lakehouse"), Stack)


def test_an_empty_namespace_is_none() -> None:
    assert parse({"lakehouse:namespace": ""}, "lakehouse").namespace is None


def test_values_are_json_but_for_numbers_and_text() -> None:
    texts = {"a": "{}", "b": "[1]", "c": "true", "d": "null", "e": "5", "f": "1.10", "g": "text", "h": '"quoted"'}
    config = {f"lakehouse:{key}": text for key, text in texts.items()} | {"kubernetes:context": "other"}
    assert decode(config, "lakehouse") == {
        "a": {},
        "b": [1],
        "c": True,
        "d": None,
        "e": "5",
        "f": "1.10",
        "g": "text",
        "h": '"quoted"',
    }


def test_other_packages_keys_are_left_alone() -> None:
    parse({"kubernetes:context": "x", "pulumi:tags": "{}", "aws:region": "y"}, "lakehouse")


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        ("", "its version is None"),
        ("name: airbyte", "its version is None"),
        ("version: 2.2", "its version is 2.2"),
        ("[a]", "its version is None"),
        ("version: [", "while parsing"),
    ],
)
def test_a_chart_folder_without_a_version_is_refused(tmp_path: Path, yaml: str, told: str) -> None:
    (tmp_path / "Chart.yaml").write_text(yaml)
    with pytest.raises(Mistakes) as error:
        parse(as_config({"airbyte": {"chart": {"path": str(tmp_path)}}}), "lakehouse")
    (mistake,) = error.value.mistakes
    assert mistake.path == ("lakehouse:airbyte", "chart", "path")
    assert told in mistake.allowed
    assert "\n" not in mistake.allowed


def test_a_chart_folder_has_its_own_version(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("name: airbyte\nversion: 1.8.5\n")
    with pytest.raises(Mistakes) as error:
        parse(as_config({"airbyte": {"chart": {"path": str(tmp_path)}}}), "lakehouse")
    assert [mistake.path[1:] for mistake in error.value.mistakes] == [("storage", "kind")]


WRONG = {"lakehouse:airbyte": '{"enabeld": true}', "lakehouse:retainData": "maybe"}


def test_a_mistake_ends_the_program_with_its_message_and_no_resource() -> None:
    messages: list[pulumi.RunError] = []

    def program() -> None:
        with pytest.raises(pulumi.RunError) as error:
            run_main()
        messages.append(error.value)

    plan = record(program, config=WRONG, stack="prod")
    assert [r.type for r in plan.resources] == ["pulumi:pulumi:Stack"]
    assert plan.outputs == {}
    text = str(messages[0])
    assert text.startswith("Pulumi.prod.yaml has 2 mistakes; nothing was created.\n")
    assert "Traceback" not in text
    assert "pydantic" not in text
    assert messages[0].__suppress_context__


def test_a_mistake_fails_the_run() -> None:
    with pytest.raises(pulumi.RunError):
        plan_program(WRONG, "prod")


def test_a_setting_that_pulumi_holds_as_secret_is_refused_and_not_shown() -> None:
    messages: list[str] = []

    def program() -> None:
        with pytest.raises(pulumi.RunError) as error:
            load()
        messages.append(str(error.value))

    config = {"lakehouse:airbyte": '{"values": {"x": "hunter2"}, "url": "hunter2"}'}
    record(program, config=config, secret_keys=("lakehouse:airbyte",))
    assert "lakehouse:airbyte.url\n    found    (a secret)\n" in messages[0]
    assert "hunter2" not in messages[0]


def test_a_secret_of_another_package_is_none_of_ours() -> None:
    loaded: list[Stack] = []
    record(lambda: loaded.append(load()), config={"aws:secretKey": "s"}, secret_keys=("aws:secretKey",))
    assert loaded == [Stack()]
