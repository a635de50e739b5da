"""A container's log may hold the passwords that it was given: reports show none."""

import base64
from typing import Any

import pytest

from components.helm.masking import HIDDEN, masked, secret_values


def secret(**data: str) -> dict[str, Any]:
    return {"data": {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}}


VALUES = secret_values(
    [
        secret(password="hunter2hunter2", username="lakehouse_admin", host="db.example.com", short="true"),
        secret(
            **{"uri": "postgresql://u:hunter2hunter2@db.example.com/d", "key.pem": "-----BEGIN-----\nMIIEvQIBADAN\n"}
        ),
        {},
    ]
)


def test_host_and_role_are_no_secrets_and_short_values_are_not_looked_for() -> None:
    assert not {"lakehouse_admin", "db.example.com", "true"} & set(VALUES)
    assert {"hunter2hunter2", "MIIEvQIBADAN"} <= set(VALUES)


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("login with hunter2hunter2 failed", f"login with {HIDDEN} failed"),
        ("key MIIEvQIBADAN", f"key {HIDDEN}"),
        ("DB_PASSWORD=other x", f"DB_PASSWORD={HIDDEN} x"),
        ('{"accessToken": "abc", "n": 1}', f'{{"accessToken": "{HIDDEN}", "n": 1}}'),
        ("aws_secret_access_key: abc/def", f"aws_secret_access_key: {HIDDEN}"),
        ("postgresql://u:pw@db.example.com/d", f"postgresql://u:{HIDDEN}@db.example.com/d"),
        ("password=hunter2hunter2", f"password={HIDDEN}"),
        ('FATAL: password authentication failed for user "lakehouse_admin"',) * 2,
        ("could not translate host name db.example.com",) * 2,
    ],
)
def test_logs_are_shown_without_secrets(log: str, shown: str) -> None:
    assert masked(log, VALUES) == shown
