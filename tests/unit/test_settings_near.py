"""Which setting a misspelt one is taken for."""

import pytest

from components.forms.near import nearest

DATABASE = [
    "name",
    "username",
    "secretName",
    "passwordRotation",
    "scramIterations",
    "statementTimeoutSeconds",
    "embedded",
]
SERVER = ["storageSize", "storageClass", "memory", "cpu", "cpuLimit", "maxConnections", "parameters", "nodeSelector"]
OPERATED = ["kind", "instances", "operator", "parameters", "backups", "image", "pooler", "port", "host"]
CLOUD = ["minimum", "maximum", "windowStart", "windowEnd", "vpcId", "subnetIds", "subnetGroup", "roleArn", "region"]
CHART = ["global", "dagsterWebserver", "dagsterDaemon", "dagster-user-deployments", "ingress", "migrate"]


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("storagSize", SERVER, "storageSize"),
        ("storageSzie", SERVER, "storageSize"),
        ("storage_size", SERVER, "storageSize"),
        ("STORAGE-SIZE", SERVER, "storageSize"),
        ("nodeselector", SERVER, "nodeSelector"),
        ("memroy", SERVER, "memory"),
        ("cpus", SERVER, "cpu"),
        ("maxConections", SERVER, "maxConnections"),
        ("params", SERVER, None),
        ("storage", SERVER, "storageSize"),
        ("class", SERVER, None),
        ("userName", DATABASE, "username"),
        ("statementTimeout", DATABASE, "statementTimeoutSeconds"),
        ("secret", DATABASE, "secretName"),
        ("usernames", DATABASE, "username"),
        ("password", DATABASE, None),
        ("user", DATABASE, "username"),
        ("namespace", DATABASE, None),
        ("tolerations", OPERATED, None),
        ("toleration", [*OPERATED, "tolerations"], "tolerations"),
        ("instnces", OPERATED, "instances"),
        ("instance", OPERATED, "instances"),
        ("replicas", OPERATED, None),
        ("hots", OPERATED, "host"),
        ("prot", OPERATED, "port"),
        ("mode", OPERATED, None),
        ("x", OPERATED, None),
        ("backup", OPERATED, "backups"),
        ("minimun", CLOUD, "minimum"),
        ("maximun", CLOUD, "maximum"),
        ("windowStop", CLOUD, None),
        ("vpc", CLOUD, "vpcId"),
        ("subnet", CLOUD, "subnetIds"),
        ("role", CLOUD, None),
        ("zone", CLOUD, None),
        ("gloabl", CHART, "global"),
        ("dagsterWebserverr", CHART, "dagsterWebserver"),
        ("dagsterUserDeployments", CHART, "dagster-user-deployments"),
        ("userDeployments", CHART, None),
        ("dagster", CHART, None),
        ("ingres", CHART, "ingress"),
        ("labels", CHART, None),
    ],
)
def test_only_a_name_that_would_do_is_offered(written: str, known: list[str], meant: str | None) -> None:
    assert nearest(written, known) == meant


def test_nearer_one_of_two_is_offered() -> None:
    assert nearest("passwordKeys", ["passwordKey", "passwordsKey1"]) == "passwordKey"
