"""move.sh between two real PostgreSQL servers: no data are lost, whatever happens in between."""

import json
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.scripts.conftest import new_server, started
from tests.support.ca import CertificateAuthority
from tests.support.moves import SUPERUSER, Admin, Mover
from tests.support.postgres import DatabaseServer, Root

ROWS = Path(__file__).with_name("move_rows.sql")
PASSWORD = "the-apps-password"
DATABASES = ("airbyte", "temporal")


@pytest.fixture
def mover(servers: tuple[DatabaseServer, DatabaseServer]) -> Mover:
    """A move of two databases, one of them with all kinds of objects, to a server that is ready for them."""
    source, target = servers
    bootstrap(source)
    fill(source)
    bootstrap(target, arriving="yes")
    return Mover(source, target)


@pytest.fixture
def keepers_mover(servers: tuple[DatabaseServer, DatabaseServer]) -> Mover:
    """The same between servers whose admins are not superusers."""
    source, target = servers
    keeper = Admin("keeper", "keeper")
    for server in servers:
        server.psql("CREATE ROLE keeper LOGIN CREATEROLE CREATEDB PASSWORD 'keeper'")
        assert bootstrap(server, keeper, arriving="no" if server is source else "yes").returncode == 0
    fill(source)
    return Mover(source, target, source_admin=keeper, target_admin=keeper)


def killed_before(script: str) -> dict[str, str]:
    """Hooks of a move that is killed, with its whole process group, when it is about to run this script."""
    psql = f"""#!/bin/sh
case "$*" in *{script}*) kill -9 0 ;; esac
exec "$REAL/psql" "$@"
"""
    return {"psql": psql}


def bootstrap(server: DatabaseServer, admin: Admin = SUPERUSER, **changes: str) -> subprocess.CompletedProcess[str]:
    app = {"username": "airbyte", "password": PASSWORD, "databases": "\n".join(DATABASES), "admin": admin.name}
    return server.bootstrap(admin_password=admin.password, **{**app, **changes})


def fill(server: DatabaseServer) -> None:
    server.psql(ROWS.read_text(), user="airbyte", database="airbyte")
    server.psql("CREATE TABLE few AS SELECT 'temporal' AS name", user="airbyte", database="temporal")


def dump(server: DatabaseServer, database: str) -> str:
    """A database's contents as pg_dump writes them: two servers of one version must agree on them."""
    flags = ["--no-comments"] if database == "nothing" else []
    done = server.root.run("pg_dump", "-p", str(server.port), "-U", "postgres", *flags, database)
    assert done.returncode == 0, done.stderr
    # A key that is new for each dump, and the extensions' owners.
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def dumps(server: DatabaseServer) -> list[str]:
    return [dump(server, database) for database in DATABASES]


def mark(server: DatabaseServer, database: str = "airbyte") -> str:
    """The state in the database's mark."""
    comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    return str(json.loads(server.psql(comment, database=database).removeprefix("lakehouse "))["state"])


def may_log_in(server: DatabaseServer) -> bool:
    return server.login("airbyte", PASSWORD, "airbyte").returncode == 0


def test_everything_is_identical_on_the_other_side(mover: Mover) -> None:
    before = dumps(mover.source)
    done = mover.move()

    assert done.returncode == 0, done.stdout
    assert dumps(mover.source) == before
    assert dumps(mover.target) == before
    assert "DIFFERS" not in done.stdout
    owners = "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE oid >= 16384"
    assert mover.target.psql(owners, database="airbyte") == "airbyte"
    assert may_log_in(mover.target)
    assert not may_log_in(mover.source)
    assert mover.target.login("postgres", "admin", "airbyte").returncode == 0
    assert (mark(mover.source), mark(mover.target)) == ("moved", "arrived")
    assert PASSWORD not in done.stdout


def test_a_second_move_has_nothing_to_do_and_leaves_new_rows_alone(mover: Mover) -> None:
    assert mover.move().returncode == 0
    mover.target.psql("INSERT INTO few VALUES ('new')", user="airbyte", database="temporal")

    done = mover.move()
    assert done.returncode == 0, done.stdout
    assert "already moved: airbyte temporal are on" in done.stdout
    assert mover.target.psql("SELECT count(*) FROM few", database="temporal") == "2"


def test_the_bootstrap_of_a_server_whose_data_were_moved_away_is_refused(mover: Mover) -> None:
    mover.move()
    done = bootstrap(mover.source)
    assert done.returncode != 0
    assert f"the data of database airbyte were moved to 127.0.0.1:{mover.target.port}" in done.stderr
    assert not may_log_in(mover.source)
    assert bootstrap(mover.target).returncode == 0


def test_the_bootstrap_of_an_incomplete_copy_is_refused(mover: Mover) -> None:
    assert mark(mover.target) == "awaited"
    done = bootstrap(mover.target)
    assert done.returncode != 0
    assert "database airbyte is the target of an unfinished move" in done.stderr
    assert bootstrap(mover.target, arriving="yes").returncode == 0


def test_writers_are_stopped_and_cannot_reconnect(mover: Mover) -> None:
    flags = ["-X", "-h", "127.0.0.1", "-p", str(mover.source.port), "-U", "airbyte", "-d", "airbyte"]
    writing = "INSERT INTO plain SELECT coalesce(max(id), 0) + 1, 'more', 0 FROM plain \\watch 0.05"
    environment = {**mover.environment, "PGPASSWORD": PASSWORD}
    lines = mover.source.root.command("sh", "-c", f"printf '%s\\n' \"{writing}\" | psql {' '.join(flags)}")
    with subprocess.Popen(
        lines, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as writer:
        until(lambda: int(mover.source.psql("SELECT count(*) FROM plain", database="airbyte")) > 12)
        assert writer.poll() is None
        done = mover.move()
        output, _ = writer.communicate(timeout=30)

    assert done.returncode == 0, done.stdout
    assert "terminating connection due to administrator command" in output
    refused = mover.source.login("airbyte", PASSWORD, "airbyte")
    assert 'role "airbyte" is not permitted to log in' in refused.stderr
    assert dumps(mover.source) == dumps(mover.target)


def test_a_target_that_is_not_empty_is_refused_and_nothing_is_changed(mover: Mover) -> None:
    mover.target.psql("SET ROLE airbyte; CREATE TABLE mine AS SELECT 1 AS n", database="temporal")
    before = (dumps(mover.source), dumps(mover.target))

    done = mover.move()
    assert done.returncode == 3
    assert f"database temporal on 127.0.0.1:{mover.target.port} is not empty: nothing was changed" in done.stdout
    assert (dumps(mover.source), dumps(mover.target)) == before
    assert may_log_in(mover.source)


@pytest.mark.parametrize(
    "thing", ["SELECT lo_from_bytea(0, 'x')", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"]
)
def test_a_target_with_no_table_may_still_not_be_empty(mover: Mover, thing: str) -> None:
    mover.target.psql(f"SET ROLE airbyte; {thing}", database="airbyte")
    assert "is not empty" in mover.move().stdout
    assert may_log_in(mover.source)


def test_a_source_without_the_databases_is_refused(servers: tuple[DatabaseServer, DatabaseServer]) -> None:
    source, target = servers
    bootstrap(target, arriving="yes")
    done = Mover(source, target).move()
    assert done.returncode == 3
    assert f"database airbyte does not exist on 127.0.0.1:{source.port}: nothing was changed" in done.stdout


def test_a_role_that_the_target_lacks_is_reported_before_any_change(mover: Mover) -> None:
    mover.source.psql("CREATE ROLE analyst LOGIN")
    for grant in ("GRANT CONNECT ON DATABASE airbyte TO analyst", "GRANT SELECT ON plain TO analyst"):
        mover.source.psql(grant, user="airbyte", database="airbyte")

    done = mover.move()
    assert done.returncode == 3
    assert f"do not exist on 127.0.0.1:{mover.target.port}: analyst. Create them there first" in done.stdout
    assert may_log_in(mover.source)

    mover.target.psql("CREATE ROLE analyst LOGIN")
    done = mover.move()
    assert done.returncode == 0, done.stdout
    assert mover.target.psql("SELECT count(*) FROM ONLY plain", user="analyst", database="airbyte") == "7"


def test_extensions_of_the_stack_file_exist_too_and_schemas_of_extensions_stay(mover: Mover) -> None:
    before = dumps(mover.source)
    wanted = "airbyte:pg_trgm\nairbyte:hstore\ntemporal:btree_gin"
    assert bootstrap(mover.target, arriving="yes", extensions=wanted).returncode == 0
    done = mover.move()
    assert done.returncode == 0, done.stdout
    extensions = (
        "SELECT string_agg(extname || ' ' || extnamespace::regnamespace, ', ' ORDER BY extname) FROM pg_extension"
    )
    there = "btree_gin public, hstore public, pg_trgm tools, plpgsql pg_catalog"
    assert mover.target.psql(extensions, database="airbyte") == there
    assert mover.target.psql("SELECT count(*) FROM ONLY plain", database="airbyte") == "7"
    assert dumps(mover.source) == before


def test_settings_of_the_database_are_copied(mover: Mover) -> None:
    mover.source.psql("ALTER DATABASE airbyte SET work_mem = '7MB'")
    mover.source.psql("ALTER DATABASE airbyte SET search_path = public, tools")
    mover.source.psql("ALTER ROLE airbyte IN DATABASE airbyte SET default_statistics_target = 77")
    assert mover.move().returncode == 0
    settings = "SHOW work_mem; SHOW search_path; SHOW default_statistics_target"
    assert mover.target.psql(settings, user="airbyte", database="airbyte").split("\n") == ["7MB", "public, tools", "77"]


def test_a_persons_comment_on_the_database_is_copied(mover: Mover) -> None:
    mover.source.psql("COMMENT ON DATABASE airbyte IS 'ours, please keep'")
    assert mover.move().returncode == 0
    comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'airbyte'"
    assert "ours, please keep" in mover.target.psql(comment)


def test_prepared_transactions_are_reported_and_nothing_is_changed(mover: Mover) -> None:
    mover.source.psql("ALTER SYSTEM SET max_prepared_transactions = 5")
    mover.source.stop()
    mover.source.start()
    mover.source.psql("BEGIN; DELETE FROM few; PREPARE TRANSACTION 'half done'", user="airbyte", database="temporal")

    done = mover.move()
    assert done.returncode == 3
    assert "prepared transactions would be lost: 'half done' in temporal" in done.stdout
    assert may_log_in(mover.source)

    mover.source.psql("ROLLBACK PREPARED 'half done'", database="temporal")
    assert mover.move().returncode == 0


# A pg_dump that changes one value on its way, as broken memory would.
CORRUPTING = """#!/bin/sh
case "$*" in
  *--section=data*) "$REAL/pg_dump" "$@" | sed 's/^5\\t\\\\\\\\N\\t1$/5\\t\\\\\\\\N\\t2/' ;;
  *) exec "$REAL/pg_dump" "$@" ;;
esac
"""


def test_a_corrupted_copy_is_found_and_the_app_is_not_switched(mover: Mover) -> None:
    before = dumps(mover.source)
    done = mover.move({"pg_dump": CORRUPTING})

    assert done.returncode == 3, done.stdout
    (row,) = [line for line in done.stdout.splitlines() if "DIFFERS" in line]
    assert row.split("|")[1].strip() == "public.plain"
    assert "airbyte: the copy differs from the source" in done.stdout
    assert "no data are lost" in done.stdout
    assert dumps(mover.source) == before
    assert (mark(mover.source), mark(mover.target)) == ("leaving", "copying")
    assert bootstrap(mover.target).returncode != 0

    assert mover.move().returncode == 0
    assert dumps(mover.target) == before


def test_a_row_that_is_lost_on_the_way_is_found(mover: Mover) -> None:
    hook = CORRUPTING.replace("sed 's/^5\\t\\\\\\\\N\\t1$/5\\t\\\\\\\\N\\t2/'", "grep -v '^temporal$'")
    assert hook != CORRUPTING
    done = mover.move({"pg_dump": hook})
    assert done.returncode == 3, done.stdout
    assert "temporal: the copy differs from the source" in done.stdout
    assert mark(mover.target) == "copied"


# A program that is killed, with its whole process group, when a number of programs have been started before it.
KILLED = """#!/bin/sh
echo "$0 $*" >>/hooks/started
[ "$(wc -l </hooks/started)" -le "$(cat /hooks/most)" ] || kill -9 0
exec "$REAL/$(basename "$0")" "$@"
"""


def test_a_move_that_is_killed_at_any_step_can_be_run_again(mover: Mover) -> None:
    hooks = {**dict.fromkeys(("psql", "pg_dump", "pg_restore"), KILLED), "started": ""}
    before = dumps(mover.source)
    runs = 0
    for most in range(500):
        done = mover.move({**hooks, "most": str(most)})
        runs += 1
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stdout
    assert runs > 20
    assert (mark(mover.source), mark(mover.target)) == ("moved", "arrived")
    assert dumps(mover.source) == before
    assert dumps(mover.target) == before


def test_a_server_that_dies_during_the_copy_does_no_harm(mover: Mover) -> None:
    mover.source.psql(
        "CREATE TABLE large AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 200000) AS n",
        user="airbyte",
        database="airbyte",
    )
    before = dumps(mover.source)
    process = mover.start()
    until(lambda: int(mover.target.psql("SELECT pg_database_size('airbyte')")) > 20_000_000)
    mover.target.stop(signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "copying airbyte failed" in output

    mover.target.start()
    assert mover.move().returncode == 0
    assert dumps(mover.target) == before


def test_two_moves_at_once_exclude_each_other(mover: Mover) -> None:
    mover.source.psql(
        "CREATE TABLE large AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 300000) AS n",
        user="airbyte",
        database="airbyte",
    )
    first = mover.start()
    until(lambda: mark(mover.target) == "copying")
    second = replace(mover, wait_seconds=1).move()
    output, _ = first.communicate(timeout=120)

    assert second.returncode == 1
    assert "another move or restore of role airbyte is running" in second.stdout
    assert first.returncode == 0, output
    assert dumps(mover.source) == dumps(mover.target)


def test_progress_is_reported_while_a_copy_runs(mover: Mover) -> None:
    mover.source.psql(
        "CREATE TABLE large AS SELECT n, repeat(md5(n::text), 16) AS text FROM generate_series(1, 500000) AS n",
        user="airbyte",
        database="airbyte",
    )
    done = mover.move()
    assert done.returncode == 0, done.stdout
    progress = [line for line in done.stdout.splitlines() if " of " in line and " after " in line]
    assert progress, done.stdout
    assert "airbyte: " in progress[0]
    assert "MB after " in progress[0]


def test_a_move_is_cancelled_before_its_end(mover: Mover) -> None:
    before = dumps(mover.source)
    assert mover.move({"pg_dump": CORRUPTING}).returncode == 3
    assert not may_log_in(mover.source)

    done = bootstrap(mover.source)
    assert done.returncode == 0, done.stderr
    assert f"the move to 127.0.0.1:{mover.target.port} is cancelled" in done.stderr
    assert may_log_in(mover.source)
    assert dumps(mover.source) == before
    mover.source.psql("INSERT INTO few VALUES ('after')", user="airbyte", database="temporal")

    # A Job of the cancelled move must not disable the role's login again; a new one may.
    left_over = mover.move()
    assert left_over.returncode == 3
    assert "this move was cancelled" in left_over.stdout
    assert may_log_in(mover.source)
    done = replace(mover, run="job-2").move()
    assert done.returncode == 0, done.stdout
    assert mover.target.psql("SELECT count(*) FROM few", database="temporal") == "2"
    assert dumps(mover.target) == dumps(mover.source)


def test_a_move_that_is_cancelled_while_it_copies_leaves_the_data_on_the_source(mover: Mover) -> None:
    mover.source.psql(
        "CREATE TABLE large AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 200000) AS n",
        user="airbyte",
        database="airbyte",
    )
    process = mover.start()
    until(lambda: mark(mover.target) == "copying")
    assert bootstrap(mover.source).returncode == 0
    output, _ = process.communicate(timeout=120)
    assert process.returncode != 0, output
    assert "NOT moved: no data are lost" in output
    assert "this move was cancelled" in mover.move().stdout
    assert mark(mover.source) == "stayed"
    assert may_log_in(mover.source)


def test_an_unfinished_move_is_cancelled_by_a_move_in_the_other_direction(mover: Mover) -> None:
    before = dumps(mover.source)
    assert mover.move({"pg_dump": CORRUPTING}).returncode == 3
    back = replace(mover, source=mover.target, target=mover.source, run="job-2")
    assert "is not the server that it was copied from" in back.move().stdout

    assert bootstrap(mover.source, arriving="yes").returncode == 0
    done = back.move()
    assert done.returncode == 0, done.stdout
    assert "nothing to move: the data of airbyte temporal are still on" in done.stdout
    assert may_log_in(mover.source)
    assert dumps(mover.source) == before
    assert bootstrap(mover.source).returncode == 0
    assert replace(mover, run="job-3").move().returncode == 0


def test_a_move_that_was_interrupted_before_its_last_mark_can_go_either_way(mover: Mover) -> None:
    before = dumps(mover.source)
    cut = killed_before("move_arrive.sql")
    assert mover.move(cut).returncode == -signal.SIGKILL
    assert (mark(mover.source), mark(mover.target)) == ("moved", "copied")
    assert bootstrap(mover.source).returncode != 0
    assert bootstrap(mover.target).returncode != 0

    assert bootstrap(mover.source, arriving="yes").returncode == 0
    done = replace(mover, source=mover.target, target=mover.source, run="job-2").move()
    assert done.returncode == 0, done.stdout
    assert bootstrap(mover.source).returncode == 0
    assert may_log_in(mover.source)
    assert dumps(mover.source) == before

    there = replace(mover, run="job-3")
    assert there.move(cut).returncode == -signal.SIGKILL
    assert there.move().returncode == 0
    assert mark(mover.target) == "arrived"


@pytest.mark.parametrize("cut_at", ["move_gate.sql", "move_empty_database.sql", "move_copied.sql"])
def test_a_second_move_is_cancelled_wherever_it_was_interrupted(mover: Mover, cut_at: str) -> None:
    back = replace(mover, source=mover.target, target=mover.source)
    assert mover.move().returncode == 0
    assert bootstrap(mover.source, arriving="yes").returncode == 0
    assert back.move().returncode == 0
    before = dumps(mover.source)
    cut = f"""#!/bin/sh
"$REAL/psql" "$@"
code=$?
case "$*" in *{cut_at}*) kill -9 0 ;; esac
exit $code
"""
    assert bootstrap(mover.target, arriving="yes").returncode == 0
    assert replace(mover, run="job-2").move({"psql": cut}).returncode == -signal.SIGKILL
    assert mark(mover.source) == "leaving"

    assert bootstrap(mover.source, arriving="yes").returncode == 0
    done = replace(back, run="job-3").move()
    assert done.returncode == 0, done.stdout
    assert bootstrap(mover.source).returncode == 0
    assert may_log_in(mover.source)
    assert dumps(mover.source) == before
    done = replace(mover, run="job-4").move()
    assert done.returncode == 0, done.stdout
    assert dumps(mover.target) == before


def test_a_move_that_did_not_begin_is_cancelled_by_a_move_in_the_other_direction(mover: Mover) -> None:
    before = dumps(mover.source)
    assert bootstrap(mover.source, arriving="yes").returncode == 0
    done = replace(mover, source=mover.target, target=mover.source).move()
    assert done.returncode == 0, done.stdout
    assert "are still on" in done.stdout
    assert dumps(mover.source) == before
    assert may_log_in(mover.source)


def test_an_awaited_copy_is_not_replaced_by_an_empty_database(servers: tuple[DatabaseServer, DatabaseServer]) -> None:
    source, target = servers
    bootstrap(source, arriving="yes")
    bootstrap(target)
    done = Mover(source, target).move()
    assert done.returncode == 3
    assert "does not exist or is empty: nothing was changed" in done.stdout


def test_there_and_back_and_there_again(mover: Mover) -> None:
    there = mover
    back = replace(mover, source=mover.target, target=mover.source)
    before = dumps(mover.source)
    for number, way in enumerate((there, back, there), start=1):
        assert bootstrap(way.target, arriving="yes").returncode == 0
        done = way.move()
        assert done.returncode == 0, done.stdout
        assert bootstrap(way.target).returncode == 0
        assert may_log_in(way.target)
        assert way.target.psql("SELECT count(*) FROM few", database="temporal") == str(number)
        way.target.psql("INSERT INTO few VALUES ('more')", user="airbyte", database="temporal")
    assert dump(mover.target, "airbyte") == before[0]


def test_a_database_that_has_moved_to_a_third_server_is_not_overwritten(mover: Mover, root: Root) -> None:
    third = started(new_server(root))
    try:
        bootstrap(third, arriving="yes")
        assert replace(mover, target=third).move().returncode == 0
        # The second server's databases are unmarked ones with other contents; the first must not be overwritten.
        mover.target.psql("COMMENT ON DATABASE airbyte IS NULL")
        mover.target.psql("COMMENT ON DATABASE temporal IS NULL")
        done = replace(mover, source=mover.target, target=mover.source).move()
        assert done.returncode == 3
        assert f"was moved to another server than 127.0.0.1:{mover.target.port}" in done.stdout
        done = mover.move()
        assert done.returncode == 3
        assert f"was moved to another server than 127.0.0.1:{mover.target.port}" in done.stdout
    finally:
        third.stop()


def test_the_servers_certificate_is_checked_if_there_is_a_ca(mover: Mover, tmp_path: Path) -> None:
    mover.target.stop()
    volume = mover.target.root.path / "volume"
    right, wrong = (CertificateAuthority.create(tmp_path / name) for name in ("right", "wrong"))
    for ca in (right, wrong):
        shutil.copy(ca.certificate, volume / f"{ca.folder.name}.crt")
    mover.target.start(**mover.target.use_certificate(right, "IP:127.0.0.1"))

    refused = replace(mover, target_ca="/volume/wrong.crt", wait_seconds=1).move()
    assert refused.returncode == 3
    assert "certificate verify failed - `caCertificates` does not contain the CA" in refused.stdout
    assert may_log_in(mover.source)
    done = replace(mover, target_ca="/volume/right.crt").move()
    assert done.returncode == 0, done.stdout


def test_a_target_of_an_older_version_gets_no_setting_that_it_does_not_have(mover: Mover) -> None:
    # As if its version were 16: the setting that such a server refuses is left out, a row with the same text is not.
    older = f"""#!/bin/sh
case "$*" in
  *server_version_num*) [ "$PGPORT" = {mover.target.port} ] && echo 160004 && exit ;;
esac
if [ "$PGPORT" = {mover.target.port} ] && [ ! -t 0 ] && ! echo "$*" | grep -q -e --file -e --command; then
  tee -a /hooks/script | "$REAL/psql" "$@"
  exit
fi
exec "$REAL/psql" "$@"
"""
    before = dumps(mover.source)
    done = mover.move({"psql": older, "script": ""})
    assert done.returncode == 0, done.stdout
    script = (mover.source.root.path / "hooks" / "script").read_text().splitlines()
    assert script.count("SET transaction_timeout = 0;") == 1  # the row
    assert "SET lock_timeout = 0;" in script
    assert dumps(mover.target) == before


def test_admins_that_are_not_superusers_can_move_both_ways(keepers_mover: Mover) -> None:
    there, admin = keepers_mover, keepers_mover.target_admin
    before = dumps(there.source)
    back = replace(there, source=there.target, target=there.source)
    for way in (there, back):
        assert bootstrap(way.target, admin, arriving="yes").returncode == 0
        done = way.move()
        assert done.returncode == 0, done.stdout
        assert dumps(way.target) == before
        assert bootstrap(way.target, admin).returncode == 0
        assert not may_log_in(way.source)


def test_an_incomplete_copy_is_dropped_during_autovacuum_without_a_superuser(keepers_mover: Mover) -> None:
    source, target = keepers_mover.source, keepers_mover.target
    source.psql(
        "CREATE TABLE busy AS SELECT n FROM generate_series(1, 200000) AS n;"
        "ALTER TABLE busy SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
        user="airbyte",
        database="airbyte",
    )
    assert keepers_mover.move(killed_before("compare_fingerprints.sql")).returncode == -signal.SIGKILL
    for sql in ("ALTER SYSTEM SET autovacuum_naptime = '1s'", "SELECT pg_reload_conf()"):
        target.psql(sql)
    target.psql("DELETE FROM busy", database="airbyte")
    at_work = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = 'airbyte'"
    until(lambda: target.psql(at_work) == "1")

    done = keepers_mover.move()
    assert done.returncode == 0, done.stdout
    assert dumps(target) == dumps(source)


def test_downtime_is_reported_once_the_app_is_ready(mover: Mover) -> None:
    def downtime(server: DatabaseServer) -> subprocess.CompletedProcess[str]:
        reached = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGDATABASE": "postgres", "PGUSER": "postgres"}
        app = {"PGPASSWORD": "admin", "APP_DATABASES": mover.databases, "APP_NAME": "airbyte"}
        return server.root.run("sh", "/scripts/downtime.sh", env={**reached, **app})

    assert downtime(mover.source).stdout == "airbyte downtime: none, its data were already on this server\n"
    begun = time.monotonic()
    assert mover.move().returncode == 0
    time.sleep(1.5)
    reported = downtime(mover.target)
    took = time.monotonic() - begun
    assert reported.returncode == 0, reported.stderr
    seconds = int(reported.stdout.removeprefix("airbyte downtime: ").removesuffix(" s\n"))
    assert 1 <= seconds <= took + 1
    time.sleep(1.5)
    assert downtime(mover.target).stdout == reported.stdout


def test_no_password_becomes_an_argument_or_a_file(mover: Mover) -> None:
    spying = """#!/bin/sh
for process in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$process" >>/hooks/arguments 2>/dev/null || true; done
echo "$*" >>/hooks/arguments
exec "$REAL/$(basename "$0")" "$@"
"""
    admins = Admin("postgres", "s3cret-admin")
    for server in (mover.source, mover.target):
        server.psql("ALTER ROLE postgres PASSWORD 's3cret-admin'")
    hooks = {**dict.fromkeys(("psql", "pg_dump"), spying), "arguments": ""}
    done = replace(mover, source_admin=admins, target_admin=admins).move(hooks)
    assert done.returncode == 0, done.stdout
    arguments = (mover.source.root.path / "hooks" / "arguments").read_text()
    assert "move_gate.sql" in arguments
    assert "s3cret-admin" not in arguments + done.stdout
    left = [file for file in (mover.source.root.path / "tmp").rglob("*") if file.is_file()]
    assert not [file for file in left if b"s3cret-admin" in file.read_bytes()]


def until(is_so: object, seconds: float = 60) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_role_cannot_log_in_on_the_target_until_its_data_are_copied(mover: Mover) -> None:
    # Pods that still use the target, as after an interrupted move that is cancelled, would write into the copy.
    assert not may_log_in(mover.target)
    assert mover.move().returncode == 0
    assert may_log_in(mover.target)
