"""Drills of the sets of both apps, as whoever is on call holds them; run by `make campaign`. DRILLS: how many."""

import json
import os
import signal
import subprocess
import sys
import time

from ops.drill.lock import Timing
from ops.drill.run import MARK
from tests.sandbox.owned import OwnedStack
from tests.sandbox.test_17_pooler import AIRBYTE, DAGSTER
from tests.sandbox.test_18_backups import run as make_set
from tests.sandbox.test_19_restore import AUTH, webserver
from tests.sandbox.test_20_drill import command, drill, nothing_is_left
from tests.support.cluster import get, objects, secret_values, start, until

DRILLS = int(os.environ.get("DRILLS", "1"))


def report(text: str) -> None:
    """Print at once, past pytest's capture: each drill takes minutes."""
    sys.__stdout__.write(f"{time.strftime('%H:%M:%S')}  {text}\n")  # pyright: ignore[reportOptionalMemberAccess]
    sys.__stdout__.flush()  # pyright: ignore[reportOptionalMemberAccess]


def new_sets(owned: OwnedStack) -> None:
    """Sets of both apps, with a run that none of the earlier ones has."""
    known = webserver()
    assert known.wait(known.launch()) == "SUCCESS"
    for server in (AIRBYTE, DAGSTER):
        how, log = make_set(owned, server)
        assert how == "Complete", log


def test_a_killed_drill_is_cleaned_up_by_the_next_and_clean_ones_pass(pooled: OwnedStack) -> None:
    new_sets(pooled)
    quiet = subprocess.DEVNULL
    with start(*command(pooled), stdout=quiet, stderr=quiet, start_new_session=True) as killed:
        until("a namespace of the drill", lambda: (bool(created()), None), seconds=120)
        os.killpg(killed.pid, signal.SIGKILL)
    status, said = drill(pooled)
    assert status == 2 and "If it was killed, try again in" in said, said
    time.sleep(Timing().valid_seconds)
    for number in range(1, DRILLS + 1):
        begun = time.monotonic()
        status, said = drill(pooled)
        assert status == 0, said
        assert "drill passed" in said
        assert "knows run" in said and "its admin logs in" in said
        assert nothing_is_left()
        for server in (AIRBYTE, DAGSTER):
            job = get("cronjob", f"{server.username}-database-backup", server.namespace)
            assert json.loads(job["metadata"]["annotations"][MARK])["passed"] is True
        assert not [value for value in secret_values(AUTH, AIRBYTE.namespace).values() if value in said]
        report(f"drill {number} of {DRILLS}: passed, {time.monotonic() - begun:.0f} s")
        if number < DRILLS:
            new_sets(pooled)
    assert pooled.stack.preview().changes == []


def created() -> list[str]:
    """Namespaces of a drill."""
    return [name for one in objects("namespaces") if (name := one["metadata"]["name"]).endswith("-drill")]
