"""Amazon's authorities: three for each region, self-signed, and none that ends soon."""

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.servers.rds.certificates import rds_authorities, rds_regions
from components.servers.rds.certificates.renew import by_region

KEYS = ("ECC384", "RSA2048", "RSA4096")


def certificates(text: str) -> list[dict[str, Any]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=text)
    return [dict(it) for it in context.get_ca_certs()]


def name(certificate: dict[str, Any], which: str = "subject") -> str:
    return next(value for group in certificate[which] for key, value in group if key == "commonName")


def moment(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


@pytest.mark.parametrize("region", rds_regions())
def test_region_has_its_three_authorities(region: str) -> None:
    found = certificates(rds_authorities(region) or "")
    assert sorted(map(name, found)) == [f"Amazon RDS {region} Root CA {key} G1" for key in KEYS]
    # Roots: a client that trusts them needs nothing else.
    assert [it for it in found if name(it) != name(it, "issuer")] == []


@pytest.mark.parametrize("region", rds_regions())
def test_no_authority_ends_within_a_year(region: str) -> None:
    now = datetime.now(UTC)
    for it in certificates(rds_authorities(region) or ""):
        assert moment(it["notBefore"]) < now
        assert moment(it["notAfter"]) > now + timedelta(days=365), f"{name(it)}: renew it, see settings/authorities"


def test_regions_are_those_of_the_package() -> None:
    assert len(rds_regions()) == 27
    assert {"eu-central-1", "us-east-1", "ap-southeast-4"} <= set(rds_regions())


def test_region_without_authorities_has_none() -> None:
    assert rds_authorities("il-central-1") is None


def test_bundle_is_taken_apart_by_region_and_what_is_no_root_is_left_out() -> None:
    europe, america = rds_authorities("eu-central-1") or "", rds_authorities("us-east-1") or ""
    other = SELF_SIGNED
    assert by_region(f"{america}{other}# a comment\n{europe}") == {"eu-central-1": europe, "us-east-1": america}


# An authority of nobody's, made for this test: CN=Amazon RDS eu-central-1 2019 CA.
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
