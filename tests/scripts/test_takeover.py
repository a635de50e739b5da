"""bootstrap.sh with existing roles and databases: it checks first, and changes nothing that others created.

Each remedy that a refusal names is tried.
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
    """The messages of a refusal; nothing on the server has changed."""
    before = server.psql(EVERYTHING)
    done = bootstrap(server, **changes)
    assert done.returncode == 3, done.stdout + done.stderr
    assert server.psql(EVERYTHING) == before
    return done.stderr


def done(server: DatabaseServer, **changes: str) -> None:
    run = bootstrap(server, **changes)
    assert run.returncode == 0, run.stderr


def comment(server: DatabaseServer, kind: str = "role", name: str = "airbyte") -> str:
    catalog = "pg_authid" if kind == "role" else "pg_database"
    column = "rolname" if kind == "role" else "datname"
    return server.psql(f"SELECT shobj_description(oid, '{catalog}') FROM {catalog} WHERE {column} = '{name}'")  # noqa: S608


def may_log_in(server: DatabaseServer, password: str, user: str = "airbyte", database: str = "airbyte") -> bool:
    return server.login(user, password, database).returncode == 0


def live_app(server: DatabaseServer, owner: str = "airbyte") -> None:
    """An app of somebody else that uses the default names."""
    server.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-somebody-else'")
    if owner != "airbyte":
        server.psql(f"CREATE ROLE {owner} LOGIN")
    server.psql(f"CREATE DATABASE airbyte OWNER {owner}")


def test_role_and_databases_have_a_mark_of_their_creator(running: DatabaseServer) -> None:
    done(running)
    mark = 'lakehouse {"made_by": {"id": "6c1d2e3f", "app": "airbyte", "stack": "lakehouse/test"}}'
    assert comment(running) == mark
    assert [comment(running, "database", name) for name in ("airbyte", "temporal")] == [mark, mark]


def test_a_live_role_with_a_database_of_another_owner_is_not_locked_out(running: DatabaseServer) -> None:
    live_app(running, owner="company")
    reasons = refused(running)
    assert "role airbyte already exists and was not created by this program" in reasons
    assert (
        "database airbyte belongs to role company, not to airbyte: set `airbyte.database.name` to another name"
        in reasons
    )
    assert reasons.count("\n- ") == 2
    assert may_log_in(running, "of-somebody-else", database="postgres")


def test_a_role_that_is_used_elsewhere_is_not_adopted_by_default(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE reporting LOGIN PASSWORD 'of-somebody-else'")
    with running.session("reporting", "of-somebody-else", "postgres"):
        reasons = refused(running, username="reporting")
    assert "role reporting already exists and was not created by this program (it has 1 open session)" in reasons
    assert may_log_in(running, "of-somebody-else", "reporting", "postgres")

    # The remedies that it names.
    done(running, username="reporting-2")
    assert may_log_in(running, "first-password", "reporting-2")
    running.psql("DROP DATABASE airbyte; ")
    running.psql("DROP DATABASE temporal")
    done(running, username="reporting", adopt="yes")
    assert may_log_in(running, "first-password", "reporting")
    assert '"stack": "lakehouse/test"' in comment(running, name="reporting")


def test_an_adopted_role_belongs_to_the_stack_from_then_on(running: DatabaseServer) -> None:
    live_app(running)
    running.psql("COMMENT ON ROLE airbyte IS 'made by hand'")
    running.psql("COMMENT ON DATABASE airbyte IS 'please keep'")
    assert "set `airbyte.database.adopt: true` to adopt the role" in refused(running)
    done(running, adopt="yes")
    assert may_log_in(running, "first-password")
    assert '"comment": "made by hand"' in comment(running)
    assert '"comment": "please keep"' in comment(running, "database")
    done(running, password="second-password")
    assert may_log_in(running, "second-password")


def test_a_database_of_another_owner_is_not_adopted_until_its_owner_is_changed(running: DatabaseServer) -> None:
    live_app(running, owner="company")
    running.psql("CREATE TABLE theirs AS SELECT 1 AS n", user="company", database="airbyte")
    reasons = refused(running, adopt="yes")
    assert "ALTER DATABASE airbyte OWNER TO airbyte" in reasons
    assert "already exists" not in reasons

    running.psql("ALTER DATABASE airbyte OWNER TO airbyte")
    running.psql("ALTER TABLE theirs OWNER TO airbyte", database="airbyte")
    done(running, adopt="yes")
    assert running.psql("SELECT n FROM theirs", user="airbyte", database="airbyte") == "1"


def test_another_database_name_is_a_remedy(running: DatabaseServer) -> None:
    running.psql("CREATE DATABASE temporal")
    reasons = refused(running)
    assert (
        "database temporal belongs to role postgres, not to airbyte: set `airbyte.database.temporalName` to another"
        in reasons
    )
    done(running, databases="airbyte\ntemporal-2")


def test_two_airbytes_on_one_server_have_a_role_and_databases_each(running: DatabaseServer) -> None:
    done(running)
    other = {"stack": "lakehouse/other", "deployment": "00000000", "password": "other-password"}
    reasons = refused(running, **other)
    assert (
        "role airbyte was created by the stack lakehouse/test for airbyte: set `airbyte.database.username` to another"
        in reasons
    )
    reasons = refused(running, **other, username="airbyte2", databases="airbyte2\ntemporal")
    assert (
        "database temporal belongs to role airbyte, and was created by the stack lakehouse/test for airbyte" in reasons
    )
    assert "set `airbyte.database.temporalName` to another name" in reasons
    done(running, **other, username="airbyte2", databases="airbyte2\ntemporal2")
    assert may_log_in(running, "first-password")
    assert may_log_in(running, "other-password", "airbyte2", "temporal2")
    assert "permission denied" in running.login("airbyte2", "other-password", "temporal").stderr


def test_role_and_databases_of_a_stack_that_no_longer_exists_can_be_adopted(running: DatabaseServer) -> None:
    done(running)
    other = {"stack": "lakehouse/other", "deployment": "00000000", "password": "other-password"}
    assert "COMMENT ON ROLE airbyte IS NULL" in refused(running, **other, adopt="yes")
    running.psql("COMMENT ON ROLE airbyte IS NULL")
    reasons = refused(running, **other, adopt="yes")
    for name in ("airbyte", "temporal"):
        assert f"COMMENT ON DATABASE {name} IS NULL" in reasons
        running.psql(f"COMMENT ON DATABASE {name} IS NULL")
    done(running, **other, adopt="yes")
    assert may_log_in(running, "other-password")


def test_what_another_stack_created_is_taken_over_on_a_restored_copy(running: DatabaseServer) -> None:
    done(running)
    other = {"stack": "lakehouse/other", "deployment": "00000000", "password": "other-password"}
    for adopt in ("no", "yes"):
        reasons = refused(running, **other, adopt=adopt)
        assert reasons.count("set `airbyte.database.adopt: true` beside `restoreFrom`") == 3
    done(running, **other, adopt="copy")
    assert may_log_in(running, "other-password")
    assert '"stack": "lakehouse/other"' in comment(running)
    assert '"stack": "lakehouse/other"' in comment(running, "database", "temporal")
    # From then on they are its own, without the setting as well.
    done(running, **other | {"password": "another-password"})
    assert may_log_in(running, "another-password")


def test_a_superuser_and_another_owners_database_stay_on_a_restored_copy(running: DatabaseServer) -> None:
    live_app(running, owner="company")
    running.psql("ALTER ROLE airbyte SUPERUSER")
    reasons = refused(running, adopt="copy")
    assert "role airbyte is a superuser" in reasons
    assert "database airbyte belongs to role company" in reasons


def test_another_deployment_of_a_stack_of_the_same_name_is_not_locked_out(running: DatabaseServer) -> None:
    done(running)
    twin = {"deployment": "00000000", "password": "other-password"}
    with running.session("airbyte", "first-password", "airbyte"):
        reasons = refused(running, **twin)
    assert (
        "role airbyte was created by another deployment of the stack lakehouse/test (it has 1 open session)" in reasons
    )
    # Destroyed and deployed again: the role has no session.
    done(running, **twin)
    assert may_log_in(running, "other-password")


def test_a_role_of_an_earlier_version_is_recognised_by_its_password(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN PASSWORD 'first-password'")
    running.psql("CREATE DATABASE airbyte OWNER airbyte")
    done(running)
    assert '"id": "6c1d2e3f"' in comment(running)


def test_a_password_proves_nothing_on_a_server_with_trust_authentication(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-somebody-else'")
    (running.root.path / "volume" / "trust.conf").write_text("local all all peer map=exec\nhost all all all trust\n")
    running.stop()
    running.start(hba_file="/volume/trust.conf")
    assert "already exists" in refused(running)


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


def test_a_renamed_stack_is_recognised_by_its_password(running: DatabaseServer) -> None:
    done(running)
    done(running, stack="lakehouse/renamed")
    assert '"stack": "lakehouse/renamed"' in comment(running)
    assert '"stack": "lakehouse/renamed"' in comment(running, "database")


def test_on_a_server_that_only_one_app_uses_everything_is_adopted(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN PASSWORD 'of-before'")
    running.psql("CREATE DATABASE airbyte OWNER airbyte")
    done(running, adopt="all")
    done(running, adopt="all", stack="lakehouse/other", deployment="00000000", password="second-password")
    assert may_log_in(running, "second-password")


def test_a_mark_may_be_overwritten_by_a_person(running: DatabaseServer) -> None:
    done(running)
    running.psql("COMMENT ON ROLE airbyte IS 'ours'")
    running.psql("COMMENT ON DATABASE airbyte IS 'lakehouse {broken'")
    done(running, password="second-password")
    assert '"comment": "ours"' in comment(running)
    assert '"comment": "lakehouse {broken"' in comment(running, "database")


@pytest.mark.parametrize("role", ["postgres", "provisioner"])
def test_the_admin_role_is_refused(running: DatabaseServer, role: str) -> None:
    running.psql("CREATE ROLE provisioner LOGIN CREATEROLE CREATEDB PASSWORD 'admin'")
    reasons = refused(running, admin=role, username=role)
    assert f"role {role} is the admin role: set `airbyte.database.username` to another name" in reasons
    assert reasons.count("\n- ") == 1


def test_a_superuser_is_not_adopted(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'of-somebody-else'")
    reasons = refused(running, username="boss", adopt="yes")
    assert "role boss is a superuser: set `airbyte.database.username` to another name" in reasons
    done(running)


def test_an_encoding_that_the_apps_cannot_use_is_not_adopted(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE airbyte LOGIN")
    running.psql("CREATE DATABASE airbyte OWNER airbyte ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    reasons = refused(running, adopt="yes")
    assert "database airbyte has the encoding SQL_ASCII, and the apps need UTF8: set `airbyte.database.name`" in reasons
    done(running, adopt="yes", databases="airbyte-2\ntemporal")
    assert may_log_in(running, "first-password", database="airbyte-2")


def test_missing_privileges_of_the_admin_are_reported_before_any_change(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE weak LOGIN PASSWORD 'admin'")
    reasons = refused(running, admin="weak")
    assert "role airbyte does not exist, and the admin weak has no permission to create it" in reasons
    assert reasons.count("does not exist, and the admin weak has no permission to create it") == 3
    running.psql("ALTER ROLE weak CREATEROLE CREATEDB")
    done(running, admin="weak")


def test_an_admin_with_createrole_alone_suffices_if_the_databases_exist(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'admin'")
    running.psql("CREATE ROLE airbyte")
    for name in ("airbyte", "temporal"):
        running.psql(f"CREATE DATABASE {name} OWNER airbyte ENCODING 'UTF8' TEMPLATE template0")
    reasons = refused(running, admin="maker", adopt="yes")
    assert "GRANT airbyte TO maker WITH ADMIN OPTION" in reasons
    running.psql("GRANT airbyte TO maker WITH ADMIN OPTION")
    assert "already exists" in refused(running, admin="maker")
    done(running, admin="maker", adopt="yes", extensions="temporal:btree_gin")
    done(running, admin="maker", password="second-password")
    assert may_log_in(running, "second-password")


def test_a_missing_database_can_be_created_as_the_message_says(running: DatabaseServer) -> None:
    running.psql("CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'admin'")
    running.psql("CREATE ROLE airbyte")
    running.psql("GRANT airbyte TO maker WITH ADMIN OPTION")
    one = {"databases": "airbyte", "settings": "airbyte.database.name"}
    reasons = refused(running, admin="maker", adopt="yes", **one)
    way = "CREATE DATABASE airbyte OWNER airbyte ENCODING 'UTF8' TEMPLATE template0"
    assert way in reasons
    running.psql(way)
    done(running, admin="maker", adopt="yes", **one)


def test_a_standby_is_refused(running: DatabaseServer) -> None:
    running.stop()
    (running.folder / "standby.signal").touch()
    running.start()
    done = bootstrap(running)
    assert done.returncode == 3
    assert "is a standby, which is read-only" in done.stderr
