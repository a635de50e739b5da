"""What the two charts are told: Secret names and keys, never a secret."""

from typing import Any

import pytest

from components.airbyte_values import airbyte_values
from components.dagster_values import dagster_values
from components.endpoint import Endpoint, TlsMode
from components.object_storage import S3, AccessKey, Gcs, Minio, ObjectStorage

HOST = "server.apps.svc.cluster.local"
BUCKETS = ("log", "auditLogging", "state", "workloadOutput", "activityPayload")
ROLE = "arn:aws:iam::123456789012:role/airbyte"
S3_KEY = S3(region="eu-central-1", bucket="b", key=AccessKey("s3", "ID", "SECRET"))
S3_ROLE = S3(region="eu-central-1", bucket="b", role_arn=ROLE)
GCS = Gcs(project="p", bucket="b", secret_name="gcs", json_key="key.json")


def endpoint(tls: TlsMode = TlsMode.DISABLE) -> Endpoint:
    return Endpoint(host=HOST, port=6432, database="db", username="user", secret_name="db-secret", tls=tls)


def airbyte(major: int = 2, storage: ObjectStorage = S3_KEY, tls: TlsMode = TlsMode.DISABLE) -> dict[str, Any]:
    return airbyte_values(
        major=major, endpoint=endpoint(tls), storage=storage, storage_secret="minio-secret", rotation="r-7"
    )


def dagster(tls: TlsMode = TlsMode.DISABLE, image: str = "docker.io/library/postgres:17.10-trixie") -> dict[str, Any]:
    return dagster_values(endpoint=endpoint(tls), client_image=image, rotation="r-7")


@pytest.mark.parametrize(("major", "name_key"), [(1, "database"), (2, "name")])
def test_airbyte_finds_its_database(major: int, name_key: str) -> None:
    values = airbyte(major)
    assert values["postgresql"] == {"enabled": False}
    assert values["global"]["database"] == {
        "type": "internal",
        "secretName": "db-secret",
        "host": HOST,
        "port": 6432,
        name_key: "db",
        "userSecretKey": "DATABASE_USER",
        "passwordSecretKey": "DATABASE_PASSWORD",
    }


@pytest.mark.parametrize(
    ("tls", "kind"), [(TlsMode.DISABLE, "internal"), (TlsMode.REQUIRE, "external"), (TlsMode.VERIFY_FULL, "external")]
)
def test_airbytes_database_type_follows_tls_alone(tls: TlsMode, kind: str) -> None:
    assert airbyte(tls=tls)["global"]["database"]["type"] == kind


STORAGES: dict[str, tuple[int, ObjectStorage, dict[str, Any]]] = {
    "2.x minio": (2, Minio(), {"type": "minio", "secretName": "minio-secret"}),
    "2.x s3 by key": (
        2,
        S3_KEY,
        {
            "type": "s3",
            "bucket": dict.fromkeys(BUCKETS, "b"),
            "secretName": "s3",
            "s3": {
                "region": "eu-central-1",
                "authenticationType": "credentials",
                "accessKeyIdSecretKey": "ID",
                "secretAccessKeySecretKey": "SECRET",
            },
        },
    ),
    "1.x s3 by role": (
        1,
        S3_ROLE,
        {
            "type": "s3",
            "bucket": dict.fromkeys(BUCKETS, "b"),
            "s3": {"region": "eu-central-1", "authenticationType": "instanceProfile"},
        },
    ),
    "2.x gcs": (
        2,
        GCS,
        {
            "type": "gcs",
            "bucket": dict.fromkeys(BUCKETS, "b"),
            "secretName": "gcs",
            "gcs": {
                "projectId": "p",
                "credentialsJsonSecretKey": "key.json",
                "credentialsJsonPath": "/secrets/gcs-log-creds/gcp.json",
            },
        },
    ),
    "1.x gcs": (
        1,
        GCS,
        {
            "type": "gcs",
            "bucket": dict.fromkeys(BUCKETS, "b"),
            "storageSecretName": "gcs",
            "gcs": {"projectId": "p", "credentialsJson": "/secrets/gcs-log-creds/key.json"},
        },
    ),
}


@pytest.mark.parametrize(("major", "storage", "expected"), STORAGES.values(), ids=STORAGES)
def test_airbyte_finds_its_object_storage(major: int, storage: ObjectStorage, expected: dict[str, Any]) -> None:
    assert airbyte(major, storage)["global"]["storage"] == expected


def test_chart_1_knows_the_storage_secret_by_another_key() -> None:
    storage = airbyte(1, S3_KEY)["global"]["storage"]
    assert storage["storageSecretName"] == "s3"
    assert "secretName" not in storage


@pytest.mark.parametrize(("storage", "enabled"), [(Minio("20Gi"), True), (S3_KEY, False), (GCS, False)], ids=str)
def test_minio_runs_only_where_it_is_used(storage: ObjectStorage, enabled: bool) -> None:
    assert airbyte(2, storage)["minio"]["enabled"] is enabled


def test_minio_has_the_volume_of_the_config() -> None:
    assert airbyte(2, Minio("20Gi"))["minio"]["storage"] == {"volumeClaimValue": "20Gi"}


def test_service_account_assumes_the_role() -> None:
    annotations = airbyte(2, S3_ROLE)["serviceAccount"]["annotations"]
    assert annotations == {"eks.amazonaws.com/role-arn": ROLE}
    assert "serviceAccount" not in airbyte(2, S3_KEY)


@pytest.mark.parametrize(
    ("major", "components"),
    [
        (1, {"airbyte-bootloader", "workload-launcher", "workload-api-server"}),
        (2, {"airbyteBootloader", "workloadLauncher", "workloadApiServer", "manifestServer"}),
    ],
)
def test_pods_of_airbyte_restart_with_new_credentials(major: int, components: set[str]) -> None:
    annotated = {
        key
        for key, value in airbyte(major).items()
        if value.get("podAnnotations", {}).get("lakehouse/credentials-rotation") == "r-7"
    }
    assert annotated >= {"server", "worker", "cron", "temporal", *components}


@pytest.mark.parametrize("major", [1, 2])
def test_pods_of_airbyte_restart_for_another_way_to_the_database(major: int) -> None:
    ways = [airbyte(major, tls=tls)["temporal"]["podAnnotations"] for tls in (TlsMode.DISABLE, TlsMode.REQUIRE)]
    assert ways[0] != ways[1]
    for way in ways:
        assert (way["lakehouse/database-host"], way["lakehouse/database-port"]) == (HOST, "6432")


def test_dagster_finds_its_database() -> None:
    values = dagster()
    assert values["generatePostgresqlPasswordSecret"] is False
    assert values["global"] == {"postgresqlSecretName": "db-secret"}
    assert values["postgresql"] == {
        "enabled": False,
        "image": {"registry": "docker.io", "repository": "library/postgres", "tag": "17.10-trixie"},
        "postgresqlHost": HOST,
        "postgresqlUsername": "user",
        "postgresqlDatabase": "db",
        "postgresqlParams": {},
        "service": {"port": 6432},
    }


@pytest.mark.parametrize(
    ("tls", "params"),
    [
        (TlsMode.DISABLE, {}),
        (TlsMode.REQUIRE, {"sslmode": "require"}),
        (TlsMode.VERIFY_FULL, {"sslmode": "verify-full"}),
    ],
)
def test_dagsters_parameters_follow_tls(tls: TlsMode, params: dict[str, str]) -> None:
    assert dagster(tls)["postgresql"]["postgresqlParams"] == params


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("postgres:17.1", ("docker.io", "library/postgres", "17.1")),
        ("library/postgres:17.1", ("docker.io", "library/postgres", "17.1")),
        ("mirror.example.com/db/postgres:17.1", ("mirror.example.com", "db/postgres", "17.1")),
        ("mirror:5000/postgres:17.1-trixie", ("mirror:5000", "postgres", "17.1-trixie")),
        ("localhost/postgres:17.1", ("localhost", "postgres", "17.1")),
        ("docker.io/library/postgres:17.1@sha256:0a", ("docker.io", "library/postgres", "17.1@sha256:0a")),
    ],
)
def test_client_image_is_split_as_the_chart_joins_it(image: str, parts: tuple[str, str, str]) -> None:
    assert dagster(image=image)["postgresql"]["image"] == dict(
        zip(("registry", "repository", "tag"), parts, strict=True)
    )


@pytest.mark.parametrize("component", ["dagsterWebserver", "dagsterDaemon"])
def test_pods_of_dagster_restart_with_new_credentials(component: str) -> None:
    assert dagster()[component] == {"annotations": {"lakehouse/credentials-rotation": "r-7"}}
