"""What the clouds report of resources that are created there, and of existing ones."""

from collections.abc import Mapping
from typing import Any

CA_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----"
DNS_NAME = "0a1b2c.3d4e5f.europe-west3.sql-psa.goog."
ADDRESS = "10.21.0.3"
KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"


def reported(kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Properties that a resource has beside its inputs."""
    match kind:
        case "aws:rds/instance:Instance":
            name = inputs["identifier"]
            return {"address": _rds_address(name), "arn": f"arn:aws:rds:eu-central-1:123456789012:db:{name}"}
        case "gcp:sql/databaseInstance:DatabaseInstance":
            return _cloud_sql()
        case "aws:kms/key:Key":
            return {"arn": KMS_KEY}
        case "gcp:serviceaccount/account:Account":
            return {"email": f"{inputs['accountId']}@my-project.iam.gserviceaccount.com"}
        case _:
            return {}


def looked_up(token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answer of a look-up of an existing resource."""
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
    """An instance; one whose name says so has the default CA, whose certificates have no name."""
    return {
        "privateIpAddress": ADDRESS,
        "dnsNames": []
        if "nameless" in name
        else [
            {"name": "cluster.sql-psa.goog.", "connectionType": "PRIVATE_SERVICES_ACCESS", "dnsScope": "CLUSTER"},
            {"name": DNS_NAME, "connectionType": "PRIVATE_SERVICES_ACCESS", "dnsScope": "INSTANCE"},
        ],
        "serverCaCerts": [{"cert": CA_CERTIFICATE}, {"cert": f"{CA_CERTIFICATE}\n"}],
    }
