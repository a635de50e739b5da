from typing import Any

import pytest

from settings.redact import HIDDEN, redact


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("password", "x", HIDDEN),
        ("AWS_SECRET_ACCESS_KEY", "x", HIDDEN),
        ("bearerToken", "x", HIDDEN),
        ("secretName", "x", "x"),
        ("secretName", "My Secret", "My Secret"),
        ("userSecretKey", "x", "x"),
        ("passwordSecretKey", "PASSWORD", "PASSWORD"),
        ("clientSecretSecretKey", "x", "x"),
        ("DATAPLANE_CLIENT_SECRET_SECRET_KEY", "dataplane-client-secret", "dataplane-client-secret"),
        ("passwordKey", "password", "password"),
        ("passwordKey", "Tr0ub4dor&3", HIDDEN),
        ("secretAccessKeyKey", "x", "x"),
        ("storageSecretName", "airbyte-s3", "airbyte-s3"),
        ("postgresqlSecretName", "x", "x"),
        ("imagePullSecrets", ["regcred"], ["regcred"]),
        ("imagePullSecrets", [{"name": "regcred"}], [{"name": "regcred"}]),
        ("imagePullSecrets", "regcred", "regcred"),
        ("imagePullSecret", "regcred", "regcred"),
        ("existingSecret", "db-credentials", "db-credentials"),
        ("existingSecret", "Tr0ub4dor&3", HIDDEN),
        ("existingSecretPasswordKey", "password", "password"),
        ("envSecrets", [{"name": "aws"}], [{"name": "aws"}]),
        ("secretRef", {"name": "aws"}, {"name": "aws"}),
        ("secretRef", "aws", "aws"),
        ("valueFrom", {"secretKeyRef": {"name": "s", "key": "k"}}, {"secretKeyRef": {"name": "s", "key": "k"}}),
        (
            "env",
            [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
            [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        ),
        ("volumes", [{"name": "v", "secret": {"secretName": "s"}}], [{"name": "v", "secret": {"secretName": "s"}}]),
        ("secretKey", "x", HIDDEN),
        ("awsSecretKey", "x", HIDDEN),
        ("S3_SECRET_KEY", "x", HIDDEN),
        ("secret", "x", HIDDEN),
        ("clientSecret", "x", HIDDEN),
        ("password", 12345678, HIDDEN),
        ("password", 0.5, HIDDEN),
        ("password", None, None),
        ("generatePostgresqlPasswordSecret", False, False),
        ("secrets", {"DB_URL": "x", "more": {"name": "x"}}, {"DB_URL": HIDDEN, "more": {"name": "x"}}),
        ("extraManifests", [{"stringData": {"url": "x"}}], [{"stringData": {"url": HIDDEN}}]),
        ("passwordRotation", "two", "two"),
        ("passwordRotation", 2, 2),
        ("passwords", ["x", "y"], [HIDDEN, HIDDEN]),
        ("values", {"a": {"rootPassword": "x", "b": 1}}, {"a": {"rootPassword": HIDDEN, "b": 1}}),
        ("env", ["TZ=UTC", "MY_PASSWORD=x"], ["TZ=UTC", HIDDEN]),
        ("env", [{"name": "MY_TOKEN", "value": "x"}], [{"name": "MY_TOKEN", "value": HIDDEN}]),
        ("env", [{"name": "TZ", "value": "UTC"}], [{"name": "TZ", "value": "UTC"}]),
        ("host", "postgresql://u:p@h/d", f"postgresql://u:{HIDDEN}@h/d"),
        ("host", "https://h:8080/d", "https://h:8080/d"),
        ("host", None, None),
        ("caCertificate", "-----BEGIN CERTIFICATE-----\nx\n", "-----BEGIN CERTIFICATE-----\nx\n"),
        ("caCertificate", "-----BEGIN PRIVATE KEY-----\nx\n", HIDDEN),
        ("caCertificate", "-----BEGIN CERTIFICATE-----\nx\n-----BEGIN EC PRIVATE KEY-----\ny\n", HIDDEN),
    ],
)
def test_passwords_are_not_shown_and_names_of_secrets_are(key: str, value: Any, shown: Any) -> None:
    assert redact(value, key) == shown
