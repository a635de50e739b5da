"""CA certificates of a stack file: a bundle is taken with its comments, and what is no certificate is told."""

import pytest
from pydantic import TypeAdapter, ValidationError

from components.forms.base import Refusal
from components.forms.certificates import Certificates
from components.servers.rds.certificates import rds_ca_certificates
from tests.support.certificates import ONE, OTHER

ADAPTER = TypeAdapter(Certificates)


def taken(text: str) -> str:
    return ADAPTER.validate_python(text)


def refusal(text: str) -> str:
    with pytest.raises(ValidationError) as error:
        taken(text)
    (details,) = error.value.errors()
    found = details.get("ctx", {})["refusal"]
    assert isinstance(found, Refusal)
    return found.allowed


@pytest.mark.parametrize("text", [ONE, ONE + OTHER, f"\n{ONE.strip()}\n\n{OTHER}", rds_ca_certificates("eu-central-1")])
def test_plain_certificates_are_passed_on_as_they_are(text: str) -> None:
    assert taken(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"# Subject: CN=one\n{ONE}\n# Subject: CN=other\n# Not after: 2126\n{OTHER}",
        f"Übersicht\n=========\n{ONE}Certificate:\n    Data:\n        Version: 3 (0x2)\n{OTHER}That was all.",
        (ONE + OTHER).replace("\n", "\r\n"),
        f"{ONE.strip()} {OTHER}",
    ],
    ids=["comments", "text before, between and after", "Windows line ends", "one after the other on a line"],
)
def test_bundle_is_its_certificates(text: str) -> None:
    assert "".join(taken(text).split()) == "".join((ONE + OTHER).split())
    assert "#" not in taken(text)
    assert "\r" not in taken(text)


def test_broken_certificate_of_a_bundle_is_told_by_its_number() -> None:
    broken = ONE.replace(ONE.splitlines()[3] + "\n", "")
    assert refusal(f"# one\n{OTHER}# two\n{broken}{ONE}").endswith("number 2 of 3 cannot be decoded")
    assert refusal(broken).endswith("this one cannot be decoded")
    assert refusal(ONE.replace("MII", "M!I")).endswith("this one cannot be decoded")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ONE}-----BEGIN PRIVATE KEY-----\naGk=\n-----END PRIVATE KEY-----\n", "remove the private key"),
        (f"-----BEGIN ENCRYPTED PRIVATE KEY-----\naGk=\n{ONE}", "remove the private key"),
        (ONE.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), "nothing else: it contains TRUSTED CERTIFICATE"),
        (ONE + ONE[:60], "certificates in PEM form"),
        ("-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----", "certificates in PEM form"),
        ("MIIB", "certificates in PEM form"),
        ("", "certificates in PEM form"),
    ],
)
def test_what_is_no_certificate_is_told(text: str, told: str) -> None:
    assert told in refusal(text)
