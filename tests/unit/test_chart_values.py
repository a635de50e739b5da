"""What the two charts are told: Secret names and keys, never a secret."""

from dataclasses import replace
from typing import Any

import pytest

from components.apps.airbyte.settings import AirbyteChart, AirbyteDatabase, AirbyteSettings
from components.apps.airbyte.storage import GcsStorage, MinioStorage, ObjectStorage, S3CompatibleStorage, S3Storage
from components.apps.airbyte.values import airbyte_values
from components.apps.airbyte.values import with_database_ca as airbyte_with_ca
from components.apps.app import AppPlacement
from components.apps.dagster.settings import DagsterDatabase, DagsterSettings
from components.apps.dagster.values import dagster_values
from components.forms.object_storage import GcsCredentials, S3Credentials, S3WorkloadIdentity
from components.helm.chart import Chart
from components.helm.values import merge_values
from components.postgres.endpoint import Endpoint, TlsMode

HOST = "server.apps.svc.cluster.local"
BUCKETS = ("log", "auditLogging", "state", "workloadOutput", "activityPayload")
ROLE = "arn:aws:iam::123456789012:role/airbyte"
KEY = S3Credentials(secret_name="s3", access_key_id_key="ID", secret_access_key_key="SECRET")
S3_KEY = S3Storage(region="eu-central-1", bucket="bucket", credentials=KEY)
S3_COMPATIBLE = S3CompatibleStorage(endpoint="https://s3.example.com", bucket="bucket", credentials=KEY)
S3_ROLE = S3Storage(region="eu-central-1", bucket="bucket", workload_identity=S3WorkloadIdentity(role_arn=ROLE))
CERTIFICATE = "/etc/database-authority/ca.crt"
VOLUME = {
    "name": "database-authority",
    "secret": {"secretName": "db-secret", "items": [{"key": "ca.crt", "path": "ca.crt"}], "optional": True},
}
MOUNT = {"name": "database-authority", "mountPath": "/etc/database-authority", "readOnly": True}
ROTATED = {"annotations": {"lakehouse/credentials-rotation": "database-7"}}
MINE = {"name": "mine", "emptyDir": {}}


def gcs(json_key: str) -> GcsStorage:
    credentials = GcsCredentials(secret_name="gcs", json_key=json_key)
    return GcsStorage(project="project", bucket="bucket", credentials=credentials)


GCS = gcs("gcp.json")
GCS_OTHER_FILE = gcs("key.json")


def endpoint(tls: TlsMode = TlsMode.DISABLE) -> Endpoint:
    return Endpoint(host=HOST, port=6432, database="db", username="user", secret_name="db-secret", tls=tls)


def airbyte_settings(major: int = 2, storage: ObjectStorage = S3_KEY, url: str | None = None) -> AirbyteSettings:
    return AirbyteSettings(
        chart=AirbyteChart(version={1: "1.9.2", 2: "2.2.0"}[major]),
        storage=storage,
        url=url,
        database=AirbyteDatabase(password_rotation=7),
    )


def airbyte(major: int = 2, storage: ObjectStorage = S3_KEY, tls: TlsMode = TlsMode.DISABLE) -> dict[str, Any]:
    return airbyte_values(airbyte_settings(major, storage), endpoint(tls), storage_secret="minio-secret")


def dagster(
    tls: TlsMode = TlsMode.DISABLE,
    image: str = "docker.io/library/postgres:17.10-trixie",
    values: dict[str, Any] | None = None,
) -> dict[str, Any]:
    # A chart from elsewhere: nothing is known of the user-code servers that it deploys by itself.
    chart = Chart(oci="oci://registry.example.com/charts/dagster")
    settings = DagsterSettings(chart=chart, database=DagsterDatabase(password_rotation=7), values=values or {})
    return dagster_values(settings, AppPlacement(endpoint(tls), image))


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
    ("major", "tls", "kind"),
    [
        (2, TlsMode.DISABLE, "internal"),
        (2, TlsMode.REQUIRE, "external"),
        (2, TlsMode.VERIFY_FULL, "external"),
        (1, TlsMode.DISABLE, "internal"),
        (1, TlsMode.REQUIRE, "external"),
        (1, TlsMode.VERIFY_FULL, "internal"),
    ],
)
def test_airbytes_database_type_follows_tls_alone(major: int, tls: TlsMode, kind: str) -> None:
    assert airbyte(major, tls=tls)["global"]["database"]["type"] == kind


@pytest.mark.parametrize(("major", "name_key"), [(1, "database"), (2, "name")])
@pytest.mark.parametrize(
    ("tls", "name"),
    [
        (TlsMode.DISABLE, "db"),
        (TlsMode.REQUIRE, "db?sslmode=require"),
        (TlsMode.VERIFY_FULL, f"db?sslmode=verify-full&sslrootcert={CERTIFICATE}"),
    ],
)
def test_airbytes_driver_is_told_of_tls_behind_the_databases_name(
    major: int, name_key: str, tls: TlsMode, name: str
) -> None:
    assert airbyte(major, tls=tls)["global"]["database"][name_key] == name


@pytest.mark.parametrize("tls", [TlsMode.DISABLE, TlsMode.REQUIRE])
@pytest.mark.parametrize("major", [1, 2])
def test_without_a_check_nothing_is_mounted(major: int, tls: TlsMode) -> None:
    values = airbyte(major, tls=tls)
    assert airbyte_with_ca(values, major, endpoint(tls)) == values
    assert values["temporal"]["env_vars"] == {"SKIP_DB_CREATE": "true", "SQL_MAX_CONNS": "5", "SQL_VIS_MAX_CONNS": "2"}
    assert "workloads" not in values["global"]
    given = dagster(tls)
    assert not any("volumes" in given[part] for part in ("dagsterWebserver", "dagsterDaemon"))
    assert "runLauncher" not in given


def test_a_users_volumes_of_airbyte_stay_before_the_cas() -> None:
    given = merge_values(
        airbyte(tls=TlsMode.VERIFY_FULL), {"server": {"extraVolumes": [MINE], "extraVolumeMounts": None}}
    )
    server = airbyte_with_ca(given, 2, endpoint(TlsMode.VERIFY_FULL))["server"]
    assert server["extraVolumes"] == [MINE, VOLUME]
    assert server["extraVolumeMounts"] == [MOUNT]
    assert server["podAnnotations"]["lakehouse/credentials-rotation"] == "database-7"


def test_bootloader_of_chart_2_mounts_what_a_user_gives_beside_the_ca() -> None:
    mount = {"name": "mine", "mountPath": "/mine"}
    theirs = {"airbyteBootloader": {"extraVolumes": [MINE], "extraVolumeMounts": [mount]}}
    given = merge_values(airbyte(tls=TlsMode.VERIFY_FULL), theirs)
    bootloader = airbyte_with_ca(given, 2, endpoint(TlsMode.VERIFY_FULL))["airbyteBootloader"]
    assert bootloader["extraVolumeMounts"] == [mount, MOUNT]
    assert bootloader["extraVolumeMount"], "the template asks for this key before it takes the other"


def test_what_a_user_gave_is_not_changed_in_place() -> None:
    theirs: dict[str, Any] = {"server": {"extraVolumes": [MINE]}}
    airbyte_with_ca(merge_values(airbyte(), theirs), 2, endpoint(TlsMode.VERIFY_FULL))
    assert theirs == {"server": {"extraVolumes": [MINE]}}


STORAGES: dict[str, tuple[int, ObjectStorage, dict[str, Any]]] = {
    "2.x minio": (2, MinioStorage(), {"type": "minio", "secretName": "minio-secret"}),
    "2.x s3 by key": (
        2,
        S3_KEY,
        {
            "type": "s3",
            "bucket": dict.fromkeys(BUCKETS, "bucket"),
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
            "bucket": dict.fromkeys(BUCKETS, "bucket"),
            "s3": {"region": "eu-central-1", "authenticationType": "instanceProfile"},
        },
    ),
    "2.x s3-compatible": (
        2,
        S3_COMPATIBLE,
        {
            "type": "minio",
            "bucket": dict.fromkeys(BUCKETS, "bucket"),
            "secretName": "s3",
            "minio": {
                "endpoint": "https://s3.example.com",
                "accessKeyIdSecretKey": "ID",
                "secretAccessKeySecretKey": "SECRET",
            },
        },
    ),
    "2.x gcs": (
        2,
        GCS,
        {
            "type": "gcs",
            "bucket": dict.fromkeys(BUCKETS, "bucket"),
            "secretName": "gcs",
            "gcs": {
                "projectId": "project",
                "credentialsJsonSecretKey": "gcp.json",
                "credentialsJsonPath": "/secrets/gcs-log-creds/gcp.json",
            },
        },
    ),
    "1.x gcs": (
        1,
        GCS_OTHER_FILE,
        {
            "type": "gcs",
            "bucket": dict.fromkeys(BUCKETS, "bucket"),
            "storageSecretName": "gcs",
            "gcs": {"projectId": "project", "credentialsPath": "/secrets/gcs-log-creds/key.json"},
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


@pytest.mark.parametrize(
    ("storage", "enabled"),
    [(MinioStorage(storage_size="20Gi"), True), (S3_KEY, False), (S3_COMPATIBLE, False), (GCS, False)],
    ids=str,
)
def test_minio_runs_only_where_it_is_used(storage: ObjectStorage, enabled: bool) -> None:
    assert airbyte(2, storage)["minio"]["enabled"] is enabled


def test_pods_of_jobs_find_the_key_file_of_gcs_where_the_others_do() -> None:
    values = airbyte(2, GCS)
    mounted = values["global"]["workloads"]["containerOrchestrator"]
    folder, _, file = values["global"]["storage"]["gcs"]["credentialsJsonPath"].rpartition("/")
    assert mounted == {"secretName": "gcs", "secretMountPath": folder}
    assert file == values["global"]["storage"]["gcs"]["credentialsJsonSecretKey"]


@pytest.mark.parametrize("major", [1, 2])
def test_links_begin_with_the_address_at_which_people_reach_airbyte(major: int) -> None:
    def values(url: str | None) -> dict[str, Any]:
        return airbyte_values(airbyte_settings(major, url=url), endpoint(), storage_secret="s")

    found = values("https://a.example.com/")
    assert found["global"]["airbyteUrl"] == "https://a.example.com"
    assert found.get("webapp") == ({"url": "https://a.example.com"} if major == 1 else None)
    without = values(None)
    assert "airbyteUrl" not in without["global"]
    assert "webapp" not in without


def test_minio_has_the_volume_of_the_config() -> None:
    assert airbyte(2, MinioStorage(storage_size="20Gi"))["minio"]["storage"] == {"volumeClaimValue": "20Gi"}


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
        if value.get("podAnnotations", {}).get("lakehouse/credentials-rotation") == "database-7"
    }
    assert annotated >= {"server", "worker", "cron", "temporal", *components}


def test_pods_of_airbyte_restart_when_the_database_is_elsewhere_or_otherwise_connected() -> None:
    def annotations(where: Endpoint) -> dict[str, Any]:
        values = airbyte_values(airbyte_settings(2, MinioStorage()), where, storage_secret="s")
        (same,) = {str(value["podAnnotations"]) for value in values.values() if "podAnnotations" in value}
        assert str(values["server"]["podAnnotations"]) == same
        return values["server"]["podAnnotations"]

    before = endpoint()
    changes = {"host": "other", "port": 5432, "database": "other", "tls": TlsMode.REQUIRE}
    for name, value in changes.items():
        assert annotations(replace(before, **{name: value})) != annotations(before), name


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
        (TlsMode.VERIFY_FULL, {"sslmode": "verify-full", "sslrootcert": CERTIFICATE}),
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
    assert dagster()[component] == ROTATED


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """Dagster's values with a user's, where the server's certificate is checked."""
    return dagster(TlsMode.VERIFY_FULL, values=values)


def test_ca_is_in_dagsters_pods_and_in_what_its_launcher_starts() -> None:
    values = checked({})
    mounted = {"volumes": [VOLUME], "volumeMounts": [MOUNT]}
    for component in ("dagsterWebserver", "dagsterDaemon"):
        assert values[component].items() >= mounted.items()
    assert values["runLauncher"] == {"config": {"k8sRunLauncher": mounted}}
    assert "dagster-user-deployments" not in values


def test_a_users_volumes_of_dagster_stay_before_the_cas() -> None:
    servers = [{"name": "etl", "volumes": [MINE]}, {"name": "ml", "volumes": None}]
    values = checked(
        {
            "dagsterDaemon": {"volumes": [MINE]},
            "runLauncher": {"config": {"k8sRunLauncher": {"volumes": [MINE], "imagePullPolicy": "Always"}}},
            "dagster-user-deployments": {"enabled": True, "deployments": servers},
        }
    )
    assert values["dagsterDaemon"]["volumes"] == [MINE, VOLUME]
    launcher = values["runLauncher"]["config"]["k8sRunLauncher"]
    assert launcher == {"volumes": [MINE, VOLUME], "imagePullPolicy": "Always", "volumeMounts": [MOUNT]}
    assert values["dagster-user-deployments"] == {
        "enabled": True,
        "deployments": [
            {"name": "etl", **ROTATED, "volumes": [MINE, VOLUME], "volumeMounts": [MOUNT]},
            {"name": "ml", **ROTATED, "volumes": [VOLUME], "volumeMounts": [MOUNT]},
        ],
    }


@pytest.mark.parametrize(
    ("kind", "key"),
    [("K8sRunLauncher", "k8sRunLauncher"), ("CeleryK8sRunLauncher", "celeryK8sRunLauncher"), (None, "k8sRunLauncher")],
)
def test_ca_goes_to_the_launcher_in_use(kind: str | None, key: str) -> None:
    config = checked({"runLauncher": {"type": kind}})["runLauncher"]["config"]
    assert config == {key: {"volumes": [VOLUME], "volumeMounts": [MOUNT]}}


def test_a_custom_run_launcher_is_left_alone() -> None:
    theirs = {"type": "CustomRunLauncher", "config": {"customRunLauncher": {"class": "Mine"}}}
    assert checked({"runLauncher": theirs})["runLauncher"] == theirs
