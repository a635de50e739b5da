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
        ("userSecretKey", "x", "x"),
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
def test_passwords_are_not_shown(key: str, value: Any, shown: Any) -> None:
    assert redact(value, key) == shown
