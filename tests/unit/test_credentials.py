"""Connection strings carry any name and password, and the Secrets carry all that a client may ask for."""

from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

from components.apps.airbyte.settings import SECRET_ALIASES as AIRBYTE_ALIASES
from components.apps.dagster.settings import SECRET_ALIASES as DAGSTER_ALIASES
from components.postgres.credentials import WITH_PASSWORD, connection_uri, jdbc_url, secret_data, secret_keys
from components.postgres.endpoint import Endpoint, TlsMode
from tests.support.kinds import PASSWORD, SECRET
from tests.support.recording import reveal, values
from tests.support.stacks import plan

AWKWARD = [
    "@:/?#%&+ '\"$\\",
    "a@b:c/d",
    "100%",
    "%41",
    "a+b c",
    "?sslmode=x&user=y#z",
    "[::1]",
    "ünïcødé",
    ";=,<>`|{}^~!*()",
]
HOST = "server.apps.svc.cluster.local"
awkward = pytest.mark.parametrize("text", AWKWARD)


def endpoint(name: str = "db", username: str = "user", tls: TlsMode = TlsMode.DISABLE) -> Endpoint:
    return Endpoint(host=HOST, port=6432, database=name, username=username, secret_name="secret", tls=tls)


@awkward
def test_uri_is_read_back_as_it_was_written(text: str) -> None:
    uri = urlsplit(connection_uri(endpoint(text, text), text))
    assert uri.scheme == "postgresql"
    assert (uri.hostname, uri.port) == (HOST, 6432)
    assert unquote(uri.username or "") == unquote(uri.password or "") == unquote(uri.path[1:]) == text
    assert parse_qs(uri.query) == {"sslmode": ["disable"]}
    assert not uri.fragment


@pytest.mark.parametrize("certificate", [None, "certificate"])
def test_keys_are_known_before_their_values(certificate: str | None) -> None:
    made = secret_data(endpoint(), "password", {"login": "username"}, certificate)
    assert secret_keys({"login": "username"}, ca=certificate is not None) == list(made)


def test_it_is_known_which_values_have_the_password() -> None:
    made = secret_data(endpoint(), "hunter2", {"login": "username", "word": "password"}, "certificate")
    assert tuple(key for key, value in made.items() if "hunter2" in value) == (*WITH_PASSWORD, "word")


@awkward
def test_libpq_reads_the_uri_as_it_was_written(text: str) -> None:
    assert conninfo_to_dict(connection_uri(endpoint(text, text), text)) == {
        "host": HOST,
        "port": "6432",
        "dbname": text,
        "user": text,
        "password": text,
        "sslmode": "disable",
    }


def test_ipv6_address_is_in_brackets_where_a_url_has_it_and_nowhere_else() -> None:
    it = replace(endpoint(), host="fd00::5")
    assert conninfo_to_dict(connection_uri(it, "secret"))["host"] == "fd00::5"
    assert jdbc_url(it, "secret").startswith("jdbc:postgresql://[fd00::5]:6432/db?")
    assert secret_data(it, "secret", {})["host"] == "fd00::5"


@awkward
def test_jdbc_url_is_read_back_as_it_was_written(text: str) -> None:
    url = jdbc_url(endpoint(text, text), text)
    assert url.startswith("jdbc:")
    parsed = urlsplit(url.removeprefix("jdbc:"))
    assert parsed.netloc == f"{HOST}:6432"
    assert unquote(parsed.path[1:]) == text
    # The driver decodes parameters as forms do: `+` is a space.
    assert parse_qs(parsed.query) == {"user": [text], "password": [text], "sslmode": ["disable"]}


@awkward
def test_strings_need_no_quoting_in_a_url(text: str) -> None:
    for string in (connection_uri(endpoint(text, text), text), jdbc_url(endpoint(text, text), text)):
        assert string.isascii()
        assert not set(string) & set(" '\"\\<>`|{}^$,;")


@pytest.mark.parametrize("tls", TlsMode)
def test_tls_mode_is_in_both_strings(tls: TlsMode) -> None:
    assert connection_uri(endpoint(tls=tls), "p").endswith(f"?sslmode={tls.value}")
    assert jdbc_url(endpoint(tls=tls), "p").endswith(f"&sslmode={tls.value}")


def test_secret_carries_all_parts_and_aliases() -> None:
    data = secret_data(endpoint(), "p", {"PGPASSWORD": "password", "where": "host"})
    assert data == {
        "host": HOST,
        "port": "6432",
        "database": "db",
        "username": "user",
        "password": "p",
        "uri": f"postgresql://user:p@{HOST}:6432/db?sslmode=disable",
        "jdbc-url": f"jdbc:postgresql://{HOST}:6432/db?user=user&password=p&sslmode=disable",
        "PGPASSWORD": "p",
        "where": HOST,
    }


@pytest.mark.parametrize(
    ("app", "aliases"),
    [
        ("airbyte", AIRBYTE_ALIASES),
        ("dagster", DAGSTER_ALIASES),
    ],
)
def test_secret_of_an_app_has_the_keys_that_its_chart_asks_for(app: str, aliases: dict[str, str]) -> None:
    data = values(plan().one(SECRET, f"{app}-database-secret"))
    outputs = reveal(plan().outputs[app])
    assert data.keys() == {
        "host",
        "port",
        "database",
        "username",
        "password",
        "uri",
        "jdbc-url",
        "scram-verifier",
        *aliases,
    }
    assert {alias: data[key] for alias, key in aliases.items()} == {alias: data[alias] for alias in aliases}
    assert data["uri"] == outputs["connectionString"]
    assert data["host"] == outputs["host"]


def test_aliases_are_those_that_the_charts_read() -> None:
    assert DAGSTER_ALIASES == {"postgresql-password": "password"}
    assert AIRBYTE_ALIASES == {
        "DATABASE_USER": "username",
        "DATABASE_PASSWORD": "password",
        "CONFIG_DATABASE_REPLICA_USER": "username",
        "CONFIG_DATABASE_REPLICA_PASSWORD": "password",
    }


def test_admin_secret_opens_the_server() -> None:
    data = values(plan().one(SECRET, "dagster-postgresql-admin"))
    assert data.keys() == {"username", "password"}
    assert data["username"] == "postgres"


def test_passwords_are_long_and_need_no_quoting() -> None:
    passwords = plan().of_type(PASSWORD)
    assert len(passwords) == 5
    assert all(r.inputs["length"] >= 32 and r.inputs["special"] is False for r in passwords)


def test_no_two_secrets_share_a_password() -> None:
    secrets = [values(r) for r in plan().of_type(SECRET)]
    passwords = [data.get("password", data.get("AWS_SECRET_ACCESS_KEY")) for data in secrets]
    assert len(set(passwords)) == len(passwords) == 5
