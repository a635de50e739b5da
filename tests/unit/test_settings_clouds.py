"""What the clouds accept is accepted: forms at their edges, and windows that only seem to meet."""

from typing import Any

import pytest

from components.platform.settings import Stack
from components.servers.cloudsql.gcp import machine
from components.servers.rds.settings import RdsSettings
from components.servers.rds.windows import daily_window, weekly_window
from stack.check import check
from tests.support.certificates import ONE
from tests.support.servers import CLOUD_SQL, NETWORK, RDS, but


def checked(server: dict[str, Any]) -> Stack:
    return check({"postgresql": {"mode": "standalone", "server": server}})


@pytest.mark.parametrize(
    "settings",
    [
        {"identifier": "a"},
        {"identifier": "a" * 63},
        {"identifier": "a" * 55, "readReplica": {}},
        {"version": "13"},
        {"version": "17.12", "autoMinorVersionUpgrade": False},
        {"instanceClass": "db.t4g.micro", "parameters": {"max_connections": 400}},
        {"instanceClass": "db.x2idn.metal"},
        {"instanceClass": "db.m6id.24xlarge"},
        {"storage": {"allocated": 20, "maximum": 22}},
        {"storage": {"allocated": 65536, "maximum": None, "iops": 64000, "throughput": 4000}},
        {"storage": {"allocated": 400, "throughput": 500}},
        {"storage": {"kmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/mrk-0123456789abcdef0123456789abcdef"}},
        {"network": {**NETWORK, "allowedCidrs": ["10.0.0.0/8", "192.168.1.7/32"]}},
        {
            "network": {
                **NETWORK,
                "networkType": "DUAL",
                "allowedCidrs": ["2001:db8::/32", "fd00::5/128"],
            }
        },
        {"backups": {"retentionDays": 1, "window": "23:45-00:15"}},
        {"maintenanceWindow": "sun:23:30-mon:00:30"},
        {"performanceInsights": {"retentionDays": 31}},
        {"parameters": {"random_page_cost": 1.1, "log_statement": "ddl"}},
    ],
    ids=str,
)
def test_rds_setting_at_an_edge(settings: dict[str, Any]) -> None:
    assert checked(but(RDS, **settings))


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "a" * 52},
        {"version": 13},
        {"tier": "db-custom-1-3840", "parameters": {"max_connections": 400}},
        {"tier": "db-custom-1-6656", "parameters": {"max_connections": 400}},
        {"tier": "db-custom-2-3840", "parameters": {"max_connections": 400}},
        {"tier": "db-custom-96-88576"},
        {"disk": {"size": 10}},
        {"disk": {"size": 65536, "autoresizeLimit": 0}},
        {
            "tier": "db-g1-small",
            "parameters": {"max_connections": 400},
            "disk": {"size": 3062, "autoresizeLimit": 3062},
        },
        {"backups": {"retained": 7, "logRetentionDays": 7}},
        {"availability": "ZONAL", "backups": {"enabled": False, "pointInTimeRecovery": False}},
        {"zone": "europe-west3-a"},
        {"network": {"network": "projects/example.com:my-project/global/networks/shared"}},
    ],
    ids=str,
)
def test_cloud_sql_setting_at_an_edge(settings: dict[str, Any]) -> None:
    assert checked(but(CLOUD_SQL, **settings))


def test_longest_name_where_no_zone_is_created() -> None:
    assert checked({**but(CLOUD_SQL, name="a" * 87), "tls": "require"})


@pytest.mark.parametrize(
    ("weekly", "daily", "meet"),
    [
        ("sun:04:00-sun:05:00", "03:00-04:00", False),
        ("sun:04:00-sun:05:00", "03:00-04:01", True),
        ("sun:04:00-sun:05:00", "05:00-05:30", False),
        ("sun:04:00-sun:05:00", "04:15-04:45", True),
        ("sun:04:00-sun:05:00", "03:00-06:00", True),
        ("sun:23:30-mon:00:30", "00:29-01:00", True),
        ("sun:23:30-mon:00:30", "00:30-01:00", False),
        ("mon:00:00-mon:00:30", "23:45-00:15", True),
        ("wed:23:00-thu:01:00", "22:00-23:00", False),
        ("wed:23:00-thu:01:00", "00:30-01:30", True),
        ("tue:10:00-wed:10:00", "09:00-09:30", True),
    ],
)
def test_windows_meet_where_they_have_a_minute_in_common(weekly: str, daily: str, meet: bool) -> None:
    assert weekly_window(weekly).overlaps(daily_window(daily)) is meet


@pytest.mark.parametrize("text", ["04:00", "4:00-5:00", "24:00-24:30", "sun:04:00-sun:05:00", ""])
def test_text_that_is_no_daily_window(text: str) -> None:
    with pytest.raises(ValueError, match="not a daily window"):
        daily_window(text)


@pytest.mark.parametrize("text", ["04:00-05:00", "Sun:04:00-Sun:05:00", "sun:04:00", "day:04:00-day:05:00"])
def test_text_that_is_no_weekly_window(text: str) -> None:
    with pytest.raises(ValueError, match="not a weekly window"):
        weekly_window(text)


@pytest.mark.parametrize(
    ("tier", "edition", "hyperdisk", "shared"),
    [
        ("db-custom-2-7680", "ENTERPRISE", False, False),
        ("db-g1-small", "ENTERPRISE", False, True),
        ("db-perf-optimized-N-128", "ENTERPRISE_PLUS", False, False),
        ("db-c4a-highmem-72", "ENTERPRISE_PLUS", True, False),
    ],
)
def test_tier_has_its_edition_and_disk(tier: str, edition: str, hyperdisk: bool, shared: bool) -> None:
    found = machine(tier)
    assert (found.edition, found.hyperdisk, found.shared) == (edition, hyperdisk, shared)


@pytest.mark.parametrize("region", ["eu-central-1", "ap-southeast-4", "me-central-1", "us-west-2"])
def test_region_whose_ca_certificates_the_program_has_needs_none(region: str) -> None:
    server = RdsSettings.model_validate({**RDS, "region": region}, by_alias=True)
    assert (server.tls, server.ca_certificates) == ("verify-full", None)


def test_region_without_ca_certificates_is_accepted_unchecked_or_with_given_ones() -> None:
    for settings in ({"tls": "require"}, {"caCertificates": ONE}):
        for region in ("il-central-1", "us-gov-west-1", "cn-north-1"):
            assert checked({**RDS, "region": region, **settings})
