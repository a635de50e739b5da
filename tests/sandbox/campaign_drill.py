"""A drill of the sets of both apps, as whoever is on call holds it; run by `make campaign`."""

import json

from ops.drill.run import MARK
from tests.sandbox.owned import OwnedStack
from tests.sandbox.test_17_pooler import AIRBYTE, DAGSTER
from tests.sandbox.test_18_backups import run as make_set
from tests.sandbox.test_19_restore import AUTH, webserver
from tests.sandbox.test_20_drill import drill, nothing_is_left
from tests.support.cluster import get, secret_values


def test_a_drill_finds_in_both_apps_what_is_in_the_sets(pooled: OwnedStack) -> None:
    known = webserver()
    assert known.wait(known.launch()) == "SUCCESS"
    for server in (AIRBYTE, DAGSTER):
        how, log = make_set(pooled, server)
        assert how == "Complete", log
    status, said = drill(pooled)
    assert status == 0, said
    assert "drill passed" in said
    assert "knows run" in said and "its admin logs in" in said
    assert nothing_is_left()
    for server in (AIRBYTE, DAGSTER):
        job = get("cronjob", f"{server.username}-database-backup", server.namespace)
        assert json.loads(job["metadata"]["annotations"][MARK])["passed"] is True
    assert pooled.stack.preview().changes == []
    assert not [value for value in secret_values(AUTH, AIRBYTE.namespace).values() if value in said]
