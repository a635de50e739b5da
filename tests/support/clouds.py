"""What the clouds tell of what is made there, or is there already."""

from collections.abc import Mapping
from typing import Any

AUTHORITY = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----"
DNS_NAME = "0a1b2c.3d4e5f.europe-west3.sql-psa.goog."
ADDRESS = "10.21.0.3"


def told(kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Properties that a resource has beside its inputs."""
    match kind:
        case "aws:rds/instance:Instance":
            name = inputs["identifier"]
            return {"address": _rds_address(name), "arn": f"arn:aws:rds:eu-central-1:123456789012:db:{name}"}
        case "gcp:sql/databaseInstance:DatabaseInstance":
            return _cloud_sql()
        case _:
            return {}


def looked_up(token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answer of a look-up of something that is there."""
    match token:
        case "aws:rds/getInstance:getInstance":
            return {"address": _rds_address(arguments["dbInstanceIdentifier"]), "port": 5432}
        case "gcp:sql/getDatabaseInstance:getDatabaseInstance":
            network = {"privateNetwork": "projects/theirs/global/networks/theirs"}
            return {**_cloud_sql(arguments["name"]), "settings": [{"ipConfigurations": [network]}]}
        case _:
            return {}


def _rds_address(name: str) -> str:
    return f"{name}.c0123456789.eu-central-1.rds.amazonaws.com"


def _cloud_sql(name: str = "") -> dict[str, Any]:
    """An instance; one whose name says so has the default authority, of which no certificate has a name."""
    return {
        "privateIpAddress": ADDRESS,
        "dnsNames": []
        if "nameless" in name
        else [
            {"name": "cluster.sql-psa.goog.", "connectionType": "PRIVATE_SERVICES_ACCESS", "dnsScope": "CLUSTER"},
            {"name": DNS_NAME, "connectionType": "PRIVATE_SERVICES_ACCESS", "dnsScope": "INSTANCE"},
        ],
        "serverCaCerts": [{"cert": AUTHORITY}, {"cert": f"{AUTHORITY}\n"}],
    }
