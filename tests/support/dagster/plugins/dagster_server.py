"""A plugin for Dagster's own tests: the server that they connect to, instead of one that they start with Docker."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "flaky(reruns): a test that Dagster's developers run again when it fails")


@pytest.fixture(scope="session")
def postgres_hostname() -> str:
    return "127.0.0.1"


@pytest.fixture(scope="session")
def postgres_conn_str(postgres_hostname: str) -> str:
    return f"postgresql://test:test@{postgres_hostname}:5432/test?connect_timeout=5"
