"""Amazon's CA certificates: three for each region, self-signed, and none that ends soon."""

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.servers.rds.certificates import rds_ca_certificates, rds_regions
from components.servers.rds.certificates.renew import by_region

README = "components/servers/rds/certificates/README.md"
KEYS = ("ECC384", "RSA2048", "RSA4096")


def certificates(text: str) -> list[dict[str, Any]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=text)
    return [dict(certificate) for certificate in context.get_ca_certs()]


def name(certificate: dict[str, Any], which: str = "subject") -> str:
    return next(value for group in certificate[which] for key, value in group if key == "commonName")


def moment(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


@pytest.mark.parametrize("region", rds_regions())
def test_region_has_its_three_ca_certificates(region: str) -> None:
    found = certificates(rds_ca_certificates(region) or "")
    assert sorted(map(name, found)) == [f"Amazon RDS {region} Root CA {key} G1" for key in KEYS]
    # Roots: a client that trusts them needs nothing else.
    assert [root for root in found if name(root) != name(root, "issuer")] == []


@pytest.mark.parametrize("region", rds_regions())
def test_no_ca_certificate_ends_within_a_year(region: str) -> None:
    now = datetime.now(UTC)
    for root in certificates(rds_ca_certificates(region) or ""):
        assert moment(root["notBefore"]) < now
        assert moment(root["notAfter"]) > now + timedelta(days=365), f"{name(root)}: renew it, see {README}"


def test_regions_are_those_of_the_package() -> None:
    assert len(rds_regions()) == 27
    assert {"eu-central-1", "us-east-1", "ap-southeast-4"} <= set(rds_regions())


def test_region_without_a_file_has_none() -> None:
    assert rds_ca_certificates("il-central-1") is None


def test_bundle_is_taken_apart_by_region_and_what_is_no_root_is_left_out() -> None:
    europe, america = rds_ca_certificates("eu-central-1") or "", rds_ca_certificates("us-east-1") or ""
    other = SELF_SIGNED
    assert by_region(f"{america}{other}# a comment\n{europe}") == {"eu-central-1": europe, "us-east-1": america}


# A CA that was created for this test: CN=Amazon RDS eu-central-1 2019 CA.
SELF_SIGNED = """-----BEGIN CERTIFICATE-----
MIIBqjCCAVGgAwIBAgIUd4u6stk4NPnC3PVn9eUPpLSoGxEwCgYIKoZIzj0EAwIw
KjEoMCYGA1UEAwwfQW1hem9uIFJEUyBldS1jZW50cmFsLTEgMjAxOSBDQTAgFw0y
NjExMjQwNTUyMTlaGA8yMTI2MTAzMTA1NTIxOVowKjEoMCYGA1UEAwwfQW1hem9u
IFJEUyBldS1jZW50cmFsLTEgMjAxOSBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABNTKVfPZ/1pRNSJWZ2PMq8j8uSntUjPj9DyC3qG1FMTe5SAUafQVICDtP3Ax
Zwt/MJ+EuaQWUMS0GulxfkJv/UijUzBRMB0GA1UdDgQWBBRQ1Xi5uG582/fmH0XC
dOisMQg8ETAfBgNVHSMEGDAWgBRQ1Xi5uG582/fmH0XCdOisMQg8ETAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIBGFDhaO2xTcnu4lOZDskJXDTTFk
qXaGKGcwuCDcZMkKAiBGQh41HZzl0rTYPnuCl7jucm/oH+H5ydZJDHcZaouoJg==
-----END CERTIFICATE-----
"""
