"""A plugin for Dagster's own tests: what a pooler in transaction mode does not do, by design (docs/pooling.md, Modes).

Each of these tests must fail, and in this way.
"""

import pytest
from dagster_postgres.utils import DagsterPostgresException

NOT_POOLED: dict[str, tuple[type[BaseException], str]] = {
    "test_statement_timeouts": (pytest.fail.Exception, "what a client sets is reset after each transaction"),
    "test_configured_other_schema": (DagsterPostgresException, "options at login are refused"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name in NOT_POOLED:
            raises, reason = NOT_POOLED[item.name]
            item.add_marker(pytest.mark.xfail(reason=reason, raises=raises, strict=True))
