"""A Cloud SQL server: where each setting arrives, what a change touches, and the three ways to connect to it."""

from typing import Any

import pulumi
import pytest

from components.servers.cloudsql.pins import CLOUD_SQL_PROXY_IMAGE
from tests.support.certificates import OTHER
from tests.support.clouds import ADDRESS, CA_CERTIFICATE, DNS_NAME
from tests.support.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    DNS_RECORD,
    DNS_ZONE,
    GCP_PROVIDER,
    JOB,
    NAMESPACE,
    PASSWORD,
    PROVIDER,
    RELEASE,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    SQL_INSTANCE,
    SQL_USER,
)
from tests.support.recording import GENERATED, Plan, reveal, values
from tests.support.servers import CLOUD_SQL, but, changed, names, on, with_password

HOST = DNS_NAME.rstrip(".")
ACCOUNT = "sql-client@my-project.iam.gserviceaccount.com"
PROXY = {**CLOUD_SQL, "authProxy": {"serviceAccount": ACCOUNT}}
PLUS = {"edition": "ENTERPRISE_PLUS", "tier": "db-perf-optimized-N-8"}
KEY = "projects/my-project/locations/europe-west3/keyRings/r/cryptoKeys/k"
EXISTING = {
    "kind": "cloudsql",
    "project": "my-project",
    "region": "europe-west3",
    "existing": {"name": "theirs", "admin": {"secretName": "theirs"}},
}


def instance(made: Plan) -> dict[str, Any]:
    return made.one(SQL_INSTANCE, "postgresql-instance").inputs


def at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = None if value is None else value.get(part)
    return value


@pytest.mark.parametrize(
    ("settings", "inputs"),
    [
        ({}, {"name": "lakehouse", "region": "europe-west3", "databaseVersion": "POSTGRES_17"}),
        ({"name": "meta", "version": 13}, {"name": "meta", "databaseVersion": "POSTGRES_13"}),
        ({}, {"settings.tier": "db-custom-2-7680", "settings.edition": "ENTERPRISE"}),
        (PLUS, {"settings.tier": "db-perf-optimized-N-8", "settings.edition": "ENTERPRISE_PLUS"}),
        (
            {"edition": "ENTERPRISE_PLUS", "tier": "db-c4a-highmem-4", "disk": {"type": "HYPERDISK_BALANCED"}},
            {"settings.tier": "db-c4a-highmem-4", "settings.diskType": "HYPERDISK_BALANCED"},
        ),
        ({"tier": "db-custom-96-638976"}, {"settings.tier": "db-custom-96-638976"}),
        ({"tier": "db-f1-micro", "parameters": {"max_connections": 400}}, {"settings.tier": "db-f1-micro"}),
        ({}, {"settings.availabilityType": "REGIONAL", "settings.locationPreference": None}),
        ({"availability": "ZONAL"}, {"settings.availabilityType": "ZONAL"}),
        (
            {"zone": "europe-west3-a", "secondaryZone": "europe-west3-c"},
            {
                "settings.locationPreference.zone": "europe-west3-a",
                "settings.locationPreference.secondaryZone": "europe-west3-c",
            },
        ),
        (
            {},
            {
                "settings.ipConfiguration.ipv4Enabled": False,
                "settings.ipConfiguration.privateNetwork": "projects/my-project/global/networks/default",
                "settings.ipConfiguration.sslMode": "ENCRYPTED_ONLY",
                "settings.ipConfiguration.serverCaMode": "GOOGLE_MANAGED_CAS_CA",
                "settings.ipConfiguration.authorizedNetworks": None,
                "settings.ipConfiguration.allocatedIpRange": None,
            },
        ),
        ({"network": {"allocatedRange": "sql"}}, {"settings.ipConfiguration.allocatedIpRange": "sql"}),
        (
            {},
            {
                "settings.diskType": "PD_SSD",
                "settings.diskSize": 100,
                "settings.diskAutoresize": True,
                "settings.diskAutoresizeLimit": 500,
                "encryptionKeyName": None,
            },
        ),
        ({"disk": {"autoresize": False, "size": 900}}, {"settings.diskAutoresize": False, "settings.diskSize": 900}),
        ({"disk": {"autoresizeLimit": 0}}, {"settings.diskAutoresizeLimit": 0}),
        ({"disk": {"type": "PD_HDD", "kmsKey": KEY}}, {"settings.diskType": "PD_HDD", "encryptionKeyName": KEY}),
        (
            {},
            {
                "settings.backupConfiguration.enabled": True,
                "settings.backupConfiguration.startTime": "02:00",
                "settings.backupConfiguration.pointInTimeRecoveryEnabled": True,
                "settings.backupConfiguration.transactionLogRetentionDays": 7,
                "settings.backupConfiguration.backupRetentionSettings.retainedBackups": 14,
                "settings.backupConfiguration.location": None,
                "settings.finalBackupConfig.enabled": True,
                "settings.finalBackupConfig.retentionDays": 30,
                "settings.retainBackupsOnDelete": True,
            },
        ),
        (
            {**PLUS, "backups": {"retained": 35, "logRetentionDays": 35, "location": "eu", "finalRetentionDays": 0}},
            {
                "settings.backupConfiguration.transactionLogRetentionDays": 35,
                "settings.backupConfiguration.location": "eu",
                "settings.finalBackupConfig.enabled": False,
            },
        ),
        (
            {"availability": "ZONAL", "backups": {"pointInTimeRecovery": False}},
            {
                "settings.backupConfiguration.pointInTimeRecoveryEnabled": False,
                "settings.backupConfiguration.transactionLogRetentionDays": None,
            },
        ),
        (
            {"availability": "ZONAL", "backups": {"enabled": False, "pointInTimeRecovery": False}},
            {"settings.backupConfiguration.enabled": False},
        ),
        (
            {"insights": {"queryStringLength": 4500, "recordClientAddress": True}},
            {
                "settings.insightsConfig.queryInsightsEnabled": True,
                "settings.insightsConfig.queryStringLength": 4500,
                "settings.insightsConfig.queryPlansPerMinute": 5,
                "settings.insightsConfig.recordClientAddress": True,
                "settings.insightsConfig.recordApplicationTags": True,
            },
        ),
        ({"insights": {"enabled": False}}, {"settings.insightsConfig.queryInsightsEnabled": False}),
        (
            {"maintenance": {"day": "mon", "hour": 0, "updateTrack": "week5"}},
            {
                "settings.maintenanceWindow.day": 1,
                "settings.maintenanceWindow.hour": 0,
                "settings.maintenanceWindow.updateTrack": "week5",
            },
        ),
        ({}, {"settings.maintenanceWindow.day": 7}),
        (
            {"parameters": {"work_mem": 8192, "cloudsql.iam_authentication": True}},
            {
                "settings.databaseFlags": [
                    {"name": "cloudsql.iam_authentication", "value": "on"},
                    {"name": "work_mem", "value": "8192"},
                ]
            },
        ),
        ({}, {"deletionProtection": True, "settings.deletionProtectionEnabled": True}),
        ({"deletionProtection": False}, {"deletionProtection": False, "settings.deletionProtectionEnabled": False}),
    ],
    ids=str,
)
def test_setting_arrives_at_the_instance(settings: dict[str, Any], inputs: dict[str, Any]) -> None:
    found = instance(on(but(CLOUD_SQL, **settings)))
    assert {path: at(found, path) for path in inputs} == inputs


@pytest.mark.parametrize(
    "settings",
    [
        {"tier": "db-custom-8-32768"},
        PLUS,
        {"disk": {"size": 200}},
        {"disk": {"autoresizeLimit": 1000}},
        {"disk": {"autoresize": False, "size": 200}},
        {"availability": "ZONAL"},
        {"version": 16},
        {"backups": {"retained": 30}},
        {"parameters": {"work_mem": 8192}},
        {"deletionProtection": False},
    ],
    ids=str,
)
def test_another_size_updates_the_instance_and_touches_nothing_else(settings: dict[str, Any]) -> None:
    before, after = on(CLOUD_SQL), on(but(CLOUD_SQL, **settings))
    assert names(before) == names(after)
    # The limit of Dagster's role follows the number of connections.
    limit = {(JOB, "dagster-database-bootstrap")} if "tier" in settings else set[tuple[str, str]]()
    assert set(changed(before, after)) == {(SQL_INSTANCE, "postgresql-instance"), *limit}
    # What replaces an instance, by the provider's schema, is the same.
    for path in ("name", "region", "encryptionKeyName", "settings.diskType", "settings.ipConfiguration"):
        assert at(instance(before), path) == at(instance(after), path)


@pytest.mark.parametrize(
    ("disk", "ignored"), [({}, ["settings.diskSize"]), ({"autoresize": False}, [])], ids=["grows by itself", "does not"]
)
def test_a_disk_that_has_grown_by_itself_is_not_changed(disk: dict[str, Any], ignored: list[str]) -> None:
    options = on(but(CLOUD_SQL, disk=disk)).one(SQL_INSTANCE, "postgresql-instance").options
    assert [path for path in options["ignoreChanges"] if path.startswith("settings.")] == ignored


@pytest.mark.parametrize(("settings", "protected"), [({}, True), ({"deletionProtection": False}, False)], ids=str)
def test_destroy_is_refused_where_deletion_protection_is_on(settings: dict[str, Any], protected: bool) -> None:
    made = on(but(CLOUD_SQL, **settings))
    protecting = {r.name for r in made.resources if r.options.get("protect")}
    assert protecting == ({"postgresql-instance"} if protected else set())


def test_project_and_region_are_the_stack_files() -> None:
    made = on(CLOUD_SQL)
    provider = made.one(GCP_PROVIDER, "postgresql-gcp")
    assert (provider.inputs["project"], provider.inputs["region"]) == ("my-project", "europe-west3")
    in_cloud = [r for r in made.resources if r.type.startswith("gcp:")]
    assert {r.provider.rpartition("::")[0] for r in in_cloud} == {provider.urn}
    in_cluster = [r for r in on(PROXY).resources if r.type.startswith("kubernetes:")]
    assert {r.provider.rpartition("::")[0] for r in in_cluster} == {on(PROXY).one(PROVIDER, "cluster").urn}


def test_admins_password_is_generated_and_in_the_secret_and_the_user() -> None:
    made = on(CLOUD_SQL)
    password = f"{GENERATED}-postgresql-admin"
    secret = made.one(SECRET, "postgresql-admin")
    assert secret.inputs["metadata"] == secret.inputs["metadata"] | {
        "name": "postgresql-admin",
        "namespace": "postgresql",
    }
    assert values(secret) == {"username": "postgres", "password": password}
    user = made.one(SQL_USER, "postgresql-admin")
    assert (user.inputs["name"], user.inputs["instance"]) == ("postgres", "lakehouse")
    assert (user.inputs["password"], reveal(user.raw["password"])) == ("[secret]", password)
    # The role owns what it created: it cannot be dropped, and goes with the instance.
    assert user.inputs["deletionPolicy"] == "ABANDON"
    assert instance(made).get("rootPassword") is None


def test_rotation_makes_a_new_password_and_touches_nothing_else() -> None:
    before, after = on(CLOUD_SQL), on(but(CLOUD_SQL, adminPasswordRotation=2))
    ((key, (_, new)),) = changed(before, after).items()
    assert key == (PASSWORD, "postgresql-admin")
    assert new.inputs["keepers"] == {"rotation": "2"}
    for kind, name in ((SECRET, "postgresql-admin"), (SQL_USER, "postgresql-admin")):
        assert after.one(PASSWORD, "postgresql-admin").urn in after.one(kind, name).depends_on


def endpoint(made: Plan) -> tuple[str, str, str | None]:
    """Host, TLS mode and CA certificates of Dagster's clients."""
    data = values(made.one(SECRET, "dagster-database-secret"))
    (container,) = made.one(JOB, "dagster-database-bootstrap").pod["spec"]["containers"]
    variables = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert variables["PGHOST"] == data["host"]
    assert data["uri"].endswith(f"@{data['host']}:5432/dagster?sslmode={variables['PGSSLMODE']}")
    files = made.one(CONFIG_MAP, "dagster-database-bootstrap").inputs["data"]
    assert files.get("ca.crt") == data.get("ca.crt")
    return data["host"], variables["PGSSLMODE"] or "", data.get("ca.crt")


def test_name_in_the_certificate_is_checked_and_resolves_in_the_network() -> None:
    made = on(CLOUD_SQL)
    # While the CA is being changed, the instance reports two.
    assert endpoint(made) == (HOST, "verify-full", f"{CA_CERTIFICATE}\n{CA_CERTIFICATE}\n")
    zone, record = made.one(DNS_ZONE, "postgresql-dns").inputs, made.one(DNS_RECORD, "postgresql-dns").inputs
    # Of the name alone: a zone of all of sql-psa.goog would hide other instances.
    assert (zone["dnsName"], zone["visibility"], zone["name"]) == (DNS_NAME, "private", "lakehouse-postgresql")
    networks = zone["privateVisibilityConfig"]["networks"]
    assert networks == [{"networkUrl": "projects/my-project/global/networks/default"}]
    assert (record["name"], record["type"], record["rrdatas"]) == (DNS_NAME, "A", [ADDRESS])
    assert made.one(DNS_RECORD, "postgresql-dns").urn in made.needs(made.one(JOB, "dagster-database-bootstrap"))


SHARED = "projects/network-host/global/networks/shared"


@pytest.mark.parametrize(
    ("settings", "project"),
    [({}, None), ({"privateDnsProject": "network-host"}, "network-host")],
    ids=["the instance's", "the host project"],
)
def test_zone_of_a_shared_vpc_is_in_the_wanted_project_and_bound_to_the_hosts_network(
    settings: dict[str, str], project: str | None
) -> None:
    made = on({**but(CLOUD_SQL, network={"network": SHARED}), **settings})
    zone, record = made.one(DNS_ZONE, "postgresql-dns"), made.one(DNS_RECORD, "postgresql-dns")
    assert (zone.inputs.get("project"), record.inputs.get("project")) == (project, project)
    assert zone.inputs["privateVisibilityConfig"]["networks"] == [{"networkUrl": SHARED}]
    assert at(instance(made), "settings.ipConfiguration.privateNetwork") == SHARED
    assert made.one(GCP_PROVIDER, "postgresql-gcp").inputs["project"] == "my-project"
    # Else a zone in another project would meet the one before it on the same network.
    assert zone.options["deleteBeforeReplace"] is True


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"privateDns": False}, (HOST, "verify-full", f"{CA_CERTIFICATE}\n{CA_CERTIFICATE}\n")),
        ({"tls": "require"}, (ADDRESS, "require", None)),
    ],
    ids=["a name that resolves already", "not checked"],
)
def test_no_zone_where_none_is_needed(settings: dict[str, Any], expected: tuple[str, str, str | None]) -> None:
    made = on({**CLOUD_SQL, **settings})
    assert endpoint(made) == expected
    assert made.of_type(DNS_ZONE) == made.of_type(DNS_RECORD) == []


def test_given_ca_certificates_replace_those_of_the_instance() -> None:
    assert endpoint(on({**CLOUD_SQL, "caCertificates": OTHER})) == (HOST, "verify-full", OTHER)


def test_how_clients_connect_changes_nothing_of_the_instance() -> None:
    difference = changed(on(CLOUD_SQL), on({**CLOUD_SQL, "tls": "require"}))
    assert (SQL_INSTANCE, "postgresql-instance") not in difference


def test_proxy_encrypts_and_its_name_is_known_before_the_instance_exists() -> None:
    made = on(PROXY)
    assert endpoint(made) == ("postgresql-proxy.postgresql.svc.cluster.local", "disable", None)
    assert made.of_type(DNS_ZONE) == []
    assert instance(made)["settings"]["connectorEnforcement"] == "REQUIRED"
    assert made.one(RELEASE, "airbyte").inputs["values"]["global"]["database"]["type"] == "internal"
    deployment = made.one(DEPLOYMENT, "postgresql-proxy-pods")
    (container,) = deployment.pod["spec"]["containers"]
    assert container["image"] == CLOUD_SQL_PROXY_IMAGE
    assert container["args"][-1] == "my-project:europe-west3:lakehouse"
    assert {"--private-ip", "--address=::", "--http-address=::", "--port=5432", "--health-check"} <= set(
        container["args"]
    )
    before = made.needs(deployment)
    assert {made.one(SQL_INSTANCE, "postgresql-instance").urn, made.one(SQL_USER, "postgresql-admin").urn} <= before
    assert deployment.urn in made.needs(made.one(JOB, "airbyte-database-bootstrap"))


def test_proxy_is_found_by_its_service_and_becomes_the_service_account() -> None:
    made = on(PROXY)
    pod = made.one(DEPLOYMENT, "postgresql-proxy-pods").pod
    service = made.one(SERVICE, "postgresql-proxy-service").inputs
    assert (service["metadata"]["name"], service["metadata"]["namespace"]) == ("postgresql-proxy", "postgresql")
    assert service["spec"]["selector"] == pod["metadata"]["labels"]
    (port,) = service["spec"]["ports"]
    assert {"name": port["targetPort"], "containerPort": 5432} in pod["spec"]["containers"][0]["ports"]
    account = made.one(SERVICE_ACCOUNT, "postgresql-proxy-account").inputs["metadata"]
    assert pod["spec"]["serviceAccountName"] == account["name"]
    assert account["annotations"] == {"iam.gke.io/gcp-service-account": ACCOUNT}


def test_proxys_pods_are_hardened_and_probed() -> None:
    pod = on(PROXY).one(DEPLOYMENT, "postgresql-proxy-pods").pod["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    security = container["securityContext"]
    assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
    assert security["capabilities"] == {"drop": ["ALL"]}
    paths = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert paths == {"startupProbe": "/startup", "readinessProbe": "/readiness", "livenessProbe": "/liveness"}
    assert {"name": "health", "containerPort": 9090} in container["ports"]
    assert "memory" in container["resources"]["limits"]
    assert pod["terminationGracePeriodSeconds"] > 30
    assert "--max-sigterm-delay=30s" in container["args"]


@pytest.mark.parametrize(("instances", "budgets"), [(1, 0), (3, 1)])
def test_several_proxies_are_not_drained_at_once(instances: int, budgets: int) -> None:
    made = on({**CLOUD_SQL, "authProxy": {"serviceAccount": ACCOUNT, "instances": instances, "required": False}})
    assert made.one(DEPLOYMENT, "postgresql-proxy-pods").inputs["spec"]["replicas"] == instances
    assert len(made.of_type(DISRUPTION_BUDGET)) == budgets
    assert instance(made)["settings"]["connectorEnforcement"] == "NOT_REQUIRED"


def test_existing_instance_is_looked_up_and_not_changed() -> None:
    made = on(EXISTING)
    assert {r.type for r in made.resources if r.type.startswith("gcp:")} == {DNS_ZONE, DNS_RECORD}
    networks = made.one(DNS_ZONE, "postgresql-dns").inputs["privateVisibilityConfig"]["networks"]
    assert networks == [{"networkUrl": "projects/theirs/global/networks/theirs"}]
    assert endpoint(made) == (HOST, "verify-full", f"{CA_CERTIFICATE}\n{CA_CERTIFICATE}\n")
    # It has an existing Secret, so it exists already.
    assert "postgresql" not in {r.name for r in made.of_type(NAMESPACE)}
    (container,) = made.one(JOB, "dagster-database-bootstrap").pod["spec"]["containers"]
    references = {
        variable["name"]: variable["valueFrom"]["secretKeyRef"]["name"]
        for variable in container["env"]
        if "valueFrom" in variable
    }
    assert references["PGPASSWORD"] == references["PGUSER"] == "theirs"


def test_existing_instance_through_the_proxy() -> None:
    made = on({**EXISTING, "authProxy": {"serviceAccount": ACCOUNT}})
    assert [r.type for r in made.resources if r.type.startswith("gcp:")] == []
    (container,) = made.one(DEPLOYMENT, "postgresql-proxy-pods").pod["spec"]["containers"]
    assert container["args"][-1] == "my-project:europe-west3:theirs"


def test_existing_instance_with_a_password_of_the_stack_file() -> None:
    server = {**EXISTING, "existing": {"name": "theirs", "admin": {"username": "root", "database": "meta"}}}
    made = with_password(server, "hunter2")
    assert values(made.one(SECRET, "postgresql-admin")) == {"username": "root", "password": "hunter2"}
    (container,) = made.one(JOB, "dagster-database-bootstrap").pod["spec"]["containers"]
    assert {"name": "PGDATABASE", "value": "meta"} in container["env"]


def test_existing_instance_whose_certificate_has_no_name_is_refused() -> None:
    server = {**EXISTING, "existing": {"name": "nameless", "admin": {"secretName": "theirs"}}}
    with pytest.raises(pulumi.RunError, match="Cloud SQL instance nameless has no DNS name") as error:
        on(server)
    assert "set `tls: require` or `authProxy`" in str(error.value)


def test_existing_instance_whose_certificate_has_no_name_serves_without_it() -> None:
    server = {**EXISTING, "existing": {"name": "nameless", "admin": {"secretName": "theirs"}}, "tls": "require"}
    assert endpoint(on(server)) == (ADDRESS, "require", None)
