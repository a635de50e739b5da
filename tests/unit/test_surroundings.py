"""The check of recorded facts sees whatever a pod asks for in vain."""

from typing import Any

import pytest

from tests.contract import launched
from tests.contract.surroundings import Surroundings, missing

THERE = Surroundings(
    namespace="apps",
    secrets={"db": {"password"}, "gcs": {"gcp.json"}},
    hosts={"db.example.com": {6432}},
    outside=frozenset({"localhost"}),
)
GCS = {"GOOGLE_APPLICATION_CREDENTIALS": "/secrets/gcs/gcp.json"}
NO_FILE = "Pod/job airbyte reads file /secrets/gcs/gcp.json, which GOOGLE_APPLICATION_CREDENTIALS names"
LAUNCHER = {**GCS, "GCS_CREDENTIALS_SECRET_NAME": "gcs"}


def facts(container: dict[str, Any], **of_the_pod: Any) -> dict[str, Any]:
    pods = {"Deployment/a": {"c": {"image": "i", **container}, **of_the_pod}}
    return {
        "pods": pods,
        "launched": {},
        "secrets": {"charts": ["key"]},
        "configmaps": ["env"],
        "claims": ["data"],
        "services": {"web": [80]},
    }


def mounted(source: dict[str, Any], value: str) -> dict[str, Any]:
    return facts({"mounts": {"/secrets/x": "v"}, "values": {"FILE": value}}, volumes={"v": source})


VOLUME: dict[str, Any] = {"secret": "gcs", "items": {"key.json": "gcp.json"}}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "key": (facts({"keys": {"P": "db/pass"}}), "Deployment/a c reads key pass of Secret db"),
    "Secret": (facts({"keys": {"P": "none/password"}}), "reads key password of Secret none"),
    "key of the chart": (facts({"keys": {"P": "charts/other"}}), "reads key other of Secret charts"),
    "whole Secret": (facts({"whole": ["none"]}), "reads Secret none"),
    "ConfigMap": (facts({"config": ["none"]}), "reads ConfigMap none"),
    "key of a ConfigMap": (facts({"config": ["env/KEY"]}), "reads ConfigMap env/KEY"),
    "pull secret": (facts({}, **{"pull secrets": ["none"]}), "is pulled with Secret none"),
    "volume": (facts({}, volumes={"v": {"secret": "none"}}), "mounts v of Secret none"),
    "item": (facts({}, volumes={"v": {"secret": "db", "items": {"f": "k"}}}), "mounts v with key k"),
    "volume of a ConfigMap": (facts({}, volumes={"v": {"configMap": "none"}}), "mounts v of ConfigMap none"),
    "claim": (facts({}, volumes={"v": {"claim": "none"}}), "mounts v of claim none"),
    "file in another folder": (mounted(VOLUME, "/secrets/y/key.json"), "reads file /secrets/y/key.json, which FILE"),
    "file of another name": (mounted(VOLUME, "/secrets/x/gcp.json"), "reads file /secrets/x/gcp.json"),
    "file of a key that is not there": (
        mounted(
            {"secret": "db", "items": {"ca.crt": "ca.crt"}, "optional": True},
            "jdbc:x://localhost:1/?r=/secrets/x/ca.crt",
        ),
        "reads file /secrets/x/ca.crt",
    ),
    "host": (facts({"values": {"URL": "http://nobody:80/api"}}), "connects to nobody:80, which URL names"),
    "host of another namespace": (facts({"values": {"URL": "http://web.other:80"}}), "connects to web.other:80"),
    "port": (facts({"values": {"URL": "http://web:81"}}), "connects to web:81"),
    "port by scheme": (facts({"values": {"URL": "https://web"}}), "connects to web:443"),
    "database": (
        facts({"values": {"DATABASE_HOST": "db.example.com", "DATABASE_PORT": "5432"}}),
        "db.example.com:5432",
    ),
    "database waited for": (facts({"waits for": {"host": "db", "port": "5432", "user": "u"}}), "db:5432"),
}


@pytest.mark.parametrize(("found", "told"), WRONG.values(), ids=WRONG)
def test_what_is_not_there_is_told(found: dict[str, Any], told: str) -> None:
    (line,) = missing(found, THERE)
    assert told in line


def test_what_is_there_is_not_told() -> None:
    values = {
        "FILE": "/secrets/x/key.json",
        "URL": "http://web.apps.svc.cluster.local:80/api",
        "JDBC": "jdbc:postgresql://db.example.com:6432/a?sslmode=require",
        "SELF": "localhost:8001",
    }
    keys = {"P": "db/password", "Q": "charts/key", "R": "none/key?"}
    container = {"keys": keys, "config": ["env", "none?"], "mounts": {"/secrets/x": "v"}, "values": values}
    volumes = {"v": VOLUME, "w": {"claim": "data"}, "x": {"secret": "none", "optional": True}}
    assert missing(facts(container, volumes=volumes), THERE) == []


@pytest.mark.parametrize(
    ("folder", "key", "told"),
    [
        ("/secrets/gcs", "gcp.json", []),
        ("/secrets/gcp-creds", "gcp.json", [NO_FILE]),
        ("/secrets/gcs", "key.json", [NO_FILE]),
    ],
)
def test_job_pods_find_the_key_file_only_in_the_folder_and_under_the_name_that_the_launcher_knows(
    folder: str, key: str, told: list[str]
) -> None:
    found = {
        **facts({}),
        "launched": launched.airbyte_jobs({**LAUNCHER, "CONTAINER_ORCHESTRATOR_SECRET_MOUNT_PATH": folder}),
    }
    there = Surroundings("apps", {"gcs": {key}})
    assert missing(found, there) == told


def test_job_pods_ask_for_the_secrets_that_the_launcher_names() -> None:
    told = {"DATAPLANE_CLIENT_ID_SECRET_NAME": "auth", "DATAPLANE_CLIENT_ID_SECRET_KEY": "id"}
    role = {"AWS_ASSUME_ROLE_SECRET_NAME": "role", "JOB_KUBE_MAIN_CONTAINER_IMAGE_PULL_SECRET": "pull"}
    pod = launched.airbyte_jobs({**told, **role})["Pod/job"]
    assert pod["airbyte"]["keys"] == {
        "AWS_ASSUME_ROLE_ACCESS_KEY_ID": "role/AWS_ACCESS_KEY_ID",
        "AWS_ASSUME_ROLE_SECRET_ACCESS_KEY": "role/AWS_SECRET_ACCESS_KEY",
        "DATAPLANE_CLIENT_ID": "auth/id",
    }
    assert pod["pull secrets"] == ["pull"]
