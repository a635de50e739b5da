"""bootstrap.sh where role or databases are there already: it looks first, and what is somebody else's stays as it is.

Each way out that a refusal names is tried.
"""

import subprocess

import pytest

from tests.support.postgres import DatabaseServer

APP = {"username": "airbyte", "password": "first-password", "databases": "airbyte\ntemporal"}
SETTINGS = "airbyte.database.name\nairbyte.database.temporalName"

EVERYTHING = """
    SELECT rolname, rolsuper, rolcanlogin, rolcreaterole, rolcreatedb, rolconnlimit, rolpassword, setconfig,
      shobj_description(pg_authid.oid, 'pg_authid')
    FROM pg_authid LEFT JOIN pg_db_role_setting ON setrole = pg_authid.oid ORDER BY 1;
    SELECT datname, datdba::regrole, datacl, shobj_description(oid, 'pg_database') FROM pg_database ORDER BY 1;
    SELECT roleid::regrole, member::regrole, grantor::regrole, admin_option FROM pg_auth_members ORDER BY 1, 2, 3;
"""


def bootstrap(server: DatabaseServer, **changes: str) -> subprocess.CompletedProcess[str]:
    return server.bootstrap(admin_password="admin", **{**APP, "settings": SETTINGS, **changes})


def refused(server: DatabaseServer, **changes: str) -> str:
    """What a refusal says; nothing on the server is another than before."""
    before = server.psql(EVERYTHING)
    done = bootstrap(server, **changes)
    assert done.returncode == 3, done.stdout + done.stderr
    assert server.psql(EVERYTHING) == before
    return done.stderr


def done(server: DatabaseServer, **changes: str) -> None:
    it = bootstrap(server, **changes)
    assert it.returncode == 0, it.stderr


def comment(server: DatabaseServer, kind: str = "role", name: str = "airbyte") -> str:
    catalog = "pg_authid" if kind == "role" else "pg_database"
    column = "rolname" if kind == "role" else "datname"
    return server.psql(f"SELECT shobj_description(oid, '{catalog}') FROM {catalog} WHERE {column} = '{name}'")  # noqa: S608


def may_log_in(server: DatabaseServer, password: str, user: str = "airbyte", database: str = "airbyte") -> bool:
    return server.login(user, password, database).returncode == 0


def live_app(server: DatabaseServer, owner: str = "airbyte") -> None:
    """An app that somebody else runs with the names that are the defaults."""
    server.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-somebody-else'")
    if owner != "airbyte":
        server.psql(f"CREATE ROLE {owner} LOGIN")
    server.psql(f"CREATE DATABASE airbyte OWNER {owner}")


def test_role_and_databases_say_who_made_them(running: DatabaseServer) -> None:
    done(running)
    mark = 'lakehouse {"made_by": {"id": "6c1d2e3f", "app": "airbyte", "stack": "lakehouse/test"}}'
    assert comment(running) == mark
    assert [comment(running, "database", name) for name in ("airbyte", "temporal")] == [mark, mark]


def test_a_live_role_with_a_database_of_another_owner_is_not_locked_out(running: DatabaseServer) -> None:
    live_app(running, owner="company")
    said = refused(running)
    assert "role airbyte exists already, and this program did not make it" in said
    assert "database airbyte belongs to role company, not to airbyte: name another `airbyte.database.name`" in said
    assert said.count("\n- ") == 2
    assert may_log_in(running, "of-somebody-else", database="postgres")


def test_a_role_that_is_used_elsewhere_is_not_taken_over_without_a_word(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE reporting LOGIN PASSWORD 'of-somebody-else'")
    with running.session("reporting", "of-somebody-else", "postgres"):
        said = refused(running, username="reporting")
    assert "role reporting exists already, and this program did not make it (a session of it is open)" in said
    assert may_log_in(running, "of-somebody-else", "reporting", "postgres")

    # The ways that it names.
    done(running, username="reporting-2")
    assert may_log_in(running, "first-password", "reporting-2")
    running.psql("DROP DATABASE airbyte; ")
    running.psql("DROP DATABASE temporal")
    done(running, username="reporting", adopt="yes")
    assert may_log_in(running, "first-password", "reporting")
    assert '"stack": "lakehouse/test"' in comment(running, name="reporting")


def test_what_is_adopted_is_the_programs_own_from_then_on(running: DatabaseServer) -> None:
    live_app(running)
    running.psql("COMMENT ON ROLE airbyte IS 'made by hand'")
    running.psql("COMMENT ON DATABASE airbyte IS 'please keep'")
    assert "set `airbyte.database.adopt: true` to take it over" in refused(running)
    done(running, adopt="yes")
    assert may_log_in(running, "first-password")
    assert '"comment": "made by hand"' in comment(running)
    assert '"comment": "please keep"' in comment(running, "database")
    done(running, password="second-password")
    assert may_log_in(running, "second-password")


def test_a_database_of_another_owner_is_not_adopted_until_it_has_been_given(running: DatabaseServer) -> None:
    live_app(running, owner="company")
    running.psql("CREATE TABLE theirs AS SELECT 1 AS n", user="company", database="airbyte")
    said = refused(running, adopt="yes")
    assert "ALTER DATABASE airbyte OWNER TO airbyte" in said
    assert "exists already" not in said

    running.psql("ALTER DATABASE airbyte OWNER TO airbyte")
    running.psql("ALTER TABLE theirs OWNER TO airbyte", database="airbyte")
    done(running, adopt="yes")
    assert running.psql("SELECT n FROM theirs", user="airbyte", database="airbyte") == "1"


def test_another_database_name_is_a_way_out(running: DatabaseServer) -> None:
    running.psql("CREATE DATABASE temporal")
    said = refused(running)
    assert (
        "database temporal belongs to role postgres, not to airbyte: name another `airbyte.database.temporalName`"
        in said
    )
    done(running, databases="airbyte\ntemporal-2")


def test_two_airbytes_on_one_server_have_a_role_and_databases_each(running: DatabaseServer) -> None:
    done(running)
    other = {"stack": "lakehouse/other", "deployment": "00000000", "password": "other-password"}
    said = refused(running, **other)
    assert (
        "role airbyte was made by the stack lakehouse/test for airbyte: name another `airbyte.database.username`"
        in said
    )
    said = refused(running, **other, username="airbyte2", databases="airbyte2\ntemporal")
    assert "database temporal belongs to role airbyte, and was made by the stack lakehouse/test for airbyte" in said
    assert "name another `airbyte.database.temporalName`" in said
    done(running, **other, username="airbyte2", databases="airbyte2\ntemporal2")
    assert may_log_in(running, "first-password")
    assert may_log_in(running, "other-password", "airbyte2", "temporal2")
    assert "permission denied" in running.login("airbyte2", "other-password", "temporal").stderr


def test_what_a_stack_left_that_is_no_more_can_be_had(running: DatabaseServer) -> None:
    done(running)
    other = {"stack": "lakehouse/other", "deployment": "00000000", "password": "other-password"}
    assert "COMMENT ON ROLE airbyte IS NULL" in refused(running, **other, adopt="yes")
    running.psql("COMMENT ON ROLE airbyte IS NULL")
    said = refused(running, **other, adopt="yes")
    for name in ("airbyte", "temporal"):
        assert f"COMMENT ON DATABASE {name} IS NULL" in said
        running.psql(f"COMMENT ON DATABASE {name} IS NULL")
    done(running, **other, adopt="yes")
    assert may_log_in(running, "other-password")


def test_another_deployment_of_a_stack_of_the_same_name_is_not_locked_out(running: DatabaseServer) -> None:
    done(running)
    twin = {"deployment": "00000000", "password": "other-password"}
    with running.session("airbyte", "first-password", "airbyte"):
        said = refused(running, **twin)
    assert "role airbyte was made by another deployment of the stack lakehouse/test (a session of it is open)" in said
    # Destroyed and deployed anew: nobody is there.
    done(running, **twin)
    assert may_log_in(running, "other-password")


def test_what_an_earlier_version_made_goes_on_without_a_word(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN PASSWORD 'first-password'")
    running.psql("CREATE DATABASE airbyte OWNER airbyte")
    done(running)
    assert '"id": "6c1d2e3f"' in comment(running)


def test_a_password_proves_nothing_where_anybody_is_let_in(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-somebody-else'")
    (running.root.path / "volume" / "trust.conf").write_text("local all all peer map=exec\nhost all all all trust\n")
    running.stop()
    running.start(hba_file="/volume/trust.conf")
    assert "exists already" in refused(running)


def test_a_move_of_an_earlier_version_proves_it_too(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-before'")
    running.psql("CREATE DATABASE airbyte OWNER airbyte")
    running.psql(
        """COMMENT ON DATABASE airbyte IS 'lakehouse move {"state": "arrived", "id": "1", "comment": "mine"}'"""
    )
    done(running)
    kept = comment(running, "database")
    assert kept.startswith("lakehouse {")
    assert '"state": "arrived"' in kept
    assert '"comment": "mine"' in kept


def test_a_renamed_stack_is_known_by_its_password(running: DatabaseServer) -> None:
    done(running)
    done(running, stack="lakehouse/renamed")
    assert '"stack": "lakehouse/renamed"' in comment(running)
    assert '"stack": "lakehouse/renamed"' in comment(running, "database")


def test_on_a_server_of_the_apps_own_everything_is_taken_over(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-before'")
    running.psql("CREATE DATABASE airbyte OWNER airbyte")
    done(running, adopt="all")
    done(running, adopt="all", stack="lakehouse/other", deployment="00000000", password="second-password")
    assert may_log_in(running, "second-password")


def test_a_person_may_write_over_the_marks(running: DatabaseServer) -> None:
    done(running)
    running.psql("COMMENT ON ROLE airbyte IS 'ours'")
    running.psql("COMMENT ON DATABASE airbyte IS 'lakehouse {broken'")
    done(running, password="second-password")
    assert '"comment": "ours"' in comment(running)
    assert '"comment": "lakehouse {broken"' in comment(running, "database")


@pytest.mark.parametrize("role", ["postgres", "provisioner"])
def test_the_admins_own_role_is_refused(running: DatabaseServer, role: str) -> None:
    running.psql("CREATE ROLE provisioner LOGIN CREATEROLE CREATEDB PASSWORD 'admin'")
    said = refused(running, admin=role, username=role)
    assert f"role {role} is the admin's own: name another `airbyte.database.username`" in said
    assert said.count("\n- ") == 1


def test_a_superuser_is_not_taken_over(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'of-somebody-else'")
    said = refused(running, username="boss", adopt="yes")
    assert "role boss is a superuser: name another `airbyte.database.username`" in said
    done(running)


def test_an_encoding_that_the_apps_cannot_use_is_not_adopted(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN")
    running.psql("CREATE DATABASE airbyte OWNER airbyte ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    said = refused(running, adopt="yes")
    assert "database airbyte has the encoding SQL_ASCII, and the apps need UTF8: name another" in said
    done(running, adopt="yes", databases="airbyte-2\ntemporal")
    assert may_log_in(running, "first-password", database="airbyte-2")


def test_what_the_admin_may_not_do_is_told_before_anything_is_done(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE weak LOGIN PASSWORD 'admin'")
    said = refused(running, admin="weak")
    assert "role airbyte does not exist, and the admin weak may not make it" in said
    assert said.count("does not exist, and the admin weak may not make it") == 3
    running.psql("ALTER ROLE weak CREATEROLE CREATEDB")
    done(running, admin="weak")


def test_an_admin_with_createrole_alone_does_where_the_databases_exist(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'admin'")
    running.psql("CREATE ROLE airbyte")
    for name in ("airbyte", "temporal"):
        running.psql(f"CREATE DATABASE {name} OWNER airbyte ENCODING 'UTF8' TEMPLATE template0")
    said = refused(running, admin="maker", adopt="yes")
    assert "GRANT airbyte TO maker WITH ADMIN OPTION" in said
    running.psql("GRANT airbyte TO maker WITH ADMIN OPTION")
    assert "exists already" in refused(running, admin="maker")
    done(running, admin="maker", adopt="yes", extensions="temporal:btree_gin")
    done(running, admin="maker", password="second-password")
    assert may_log_in(running, "second-password")


def test_a_database_that_is_missing_is_made_as_the_message_says(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'admin'")
    running.psql("CREATE ROLE airbyte")
    running.psql("GRANT airbyte TO maker WITH ADMIN OPTION")
    one = {"databases": "airbyte", "settings": "airbyte.database.name"}
    said = refused(running, admin="maker", adopt="yes", **one)
    way = "CREATE DATABASE airbyte OWNER airbyte ENCODING 'UTF8' TEMPLATE template0"
    assert way in said
    running.psql(way)
    done(running, admin="maker", adopt="yes", **one)


def test_a_standby_is_refused(running: DatabaseServer) -> None:
    running.stop()
    (running.folder / "standby.signal").touch()
    running.start()
    done = bootstrap(running)
    assert done.returncode == 3
    assert "is a standby, which takes no writes" in done.stderr
