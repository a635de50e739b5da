"""PostgreSQL settings as clouds take them: plain numbers of the setting's own unit."""

import pytest

from components.forms.parameters import ParameterValue
from components.forms.postgresql_settings import NotAllowed, in_base_unit, read_at_start
from tests.support.kinds import RDS_PARAMETERS, SQL_INSTANCE
from tests.support.servers import CLOUD_SQL, RDS, but, on


@pytest.mark.parametrize(
    ("name", "given", "plain"),
    [
        ("work_mem", 8192, 8192),
        ("work_mem", "8192", 8192),
        ("work_mem", "64MB", 65536),
        ("work_mem", " 1.5 GB ", 1572864),
        ("work_mem", 65536.0, 65536),
        ("shared_buffers", "2GB", 262144),
        ("max_wal_size", "4GB", 4096),
        ("track_activity_query_size", "4kB", 4096),
        ("temp_file_limit", -1, -1),
        ("checkpoint_timeout", "15min", 900),
        ("log_min_duration_statement", "0.5s", 500),
        ("idle_in_transaction_session_timeout", "1h", 3600000),
        ("log_rotation_age", "1d", 1440),
        ("autovacuum_vacuum_cost_delay", "500us", 0.5),
        ("random_page_cost", 1.1, 1.1),
        ("random_page_cost", "4", 4),
        ("autovacuum_vacuum_scale_factor", 0.05, 0.05),
        ("jit", "off", False),
        ("jit", "ON", True),
        ("jit", 1, True),
        ("log_statement", "ddl", "ddl"),
        ("wal_compression", True, True),
        ("timezone", "UTC", "UTC"),
        ("rds.log_retention_period", "64MB", "64MB"),
    ],
)
def test_value_in_the_settings_own_unit(name: str, given: ParameterValue, plain: ParameterValue) -> None:
    found = in_base_unit(name, given)
    assert (found, type(found)) == (plain, type(plain))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("work_mem", "64mb"),
        ("work_mem", "1B"),
        ("work_mem", "5min"),
        ("work_mem", "1e400"),
        ("work_mem", "{DBInstanceClassMemory/32768}"),
        ("work_mem", ""),
        ("max_connections", "100kB"),
        ("checkpoint_timeout", "100ms"),
        ("jit", "maybe"),
        ("jit", 2),
        ("random_page_cost", True),
    ],
)
def test_value_that_the_setting_cannot_have(name: str, given: ParameterValue) -> None:
    with pytest.raises(NotAllowed):
        in_base_unit(name, given)


def test_rds_gets_plain_numbers_and_formulas_unchanged() -> None:
    given = {
        "work_mem": "64MB",
        "shared_buffers": "{DBInstanceClassMemory/32768}",
        "max_connections": "LEAST({DBInstanceClassMemory/9531392},5000)",
        "log_lock_waits": "on",
        "rds.log_retention_period": 4320,
    }
    group = on(but(RDS, parameters=given)).one(RDS_PARAMETERS, "postgresql-parameters").inputs
    assert {it["name"]: it["value"] for it in group["parameters"]} == {
        **given,
        "work_mem": "65536",
        "log_lock_waits": "1",
        "rds.log_retention_period": "4320",
        "rds.force_ssl": "1",
    }


def test_cloud_sql_gets_plain_numbers() -> None:
    given = {"work_mem": "64MB", "checkpoint_timeout": "15min", "log_lock_waits": "on", "cloudsql.enable_pgaudit": True}
    instance = on(but(CLOUD_SQL, parameters=given)).one(SQL_INSTANCE, "postgresql-instance").inputs
    assert {it["name"]: it["value"] for it in instance["settings"]["databaseFlags"]} == {
        "work_mem": "65536",
        "checkpoint_timeout": "900",
        "log_lock_waits": "on",
        "cloudsql.enable_pgaudit": "on",
    }


def test_what_is_read_at_the_start_alone() -> None:
    names = ("max_connections", "shared_buffers", "work_mem", "log_statement", "rds.x")
    assert [name for name in names if read_at_start(name)] == ["max_connections", "shared_buffers"]
