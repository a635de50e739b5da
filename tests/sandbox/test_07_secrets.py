"""Generated passwords are in the Secrets that are there for them, and nowhere else in plain text."""

import base64
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.sandbox.deployments import AIRBYTE, FULL_APPS, TWIN_DAGSTER
from tests.sandbox.owned import OwnedStack
from tests.sandbox.stack import Stack
from tests.sandbox.sweep import Finding, passwords, sweep, written

ALIASES = {
    "airbyte": ["DATABASE_PASSWORD", "CONFIG_DATABASE_REPLICA_PASSWORD"],
    "dagster": ["postgresql-password"],
}
KNOWN = "a name that everybody may know"
MARKER = "a word planted by this test"
FORMER = "former "


@pytest.fixture(scope="module")
def _swept() -> list[Finding]:
    return []


@pytest.fixture
def findings(sandbox: Stack, twin: OwnedStack, _swept: list[Finding]) -> list[Finding]:
    """Where all passwords, present and former, and two words that must be found, were found; looked for once."""
    if not _swept:
        words = {f"{FORMER}{name}": word for name, word in twin.former_passwords.items()}
        words |= {**passwords(sandbox), **passwords(twin.stack), KNOWN: AIRBYTE.service, MARKER: secrets.token_hex(20)}
        with planted(words[MARKER]):
            _swept += sweep(words, [sandbox, twin.stack])
    return _swept


@contextmanager
def planted(word: str) -> Iterator[None]:
    """A word among the arguments of a process, in a container's log and on a volume."""
    TWIN_DAGSTER.pod.rows(f"DO $$ BEGIN RAISE LOG '{word}'; END $$", username="postgres")
    TWIN_DAGSTER.pod.rows(f"CREATE TABLE planted AS SELECT '{word}' AS word")
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", word])
    try:
        yield
    finally:
        process.kill()
        process.wait()
        TWIN_DAGSTER.pod.rows("DROP TABLE planted")


def places(findings: list[Finding], word: str) -> set[str]:
    """The kinds of places in which a word was found."""
    return {finding.place for finding in findings if finding.word == word}


def test_sweep_finds_what_is_there(findings: list[Finding]) -> None:
    assert places(findings, KNOWN) >= {"state", "commands", "objects", "releases", "node", "etcd"}
    assert places(findings, MARKER) >= {"processes", "container logs", "volumes"}


@pytest.mark.parametrize("offset", range(4))
def test_sweep_knows_base64(offset: int) -> None:
    word = secrets.token_hex(20)
    text = base64.b64encode(b"x" * offset + word.encode() + b"yz")
    assert any(form in text for form in written(word))


def test_passwords_are_in_their_secrets_and_nowhere_else(findings: list[Finding]) -> None:
    expected: set[Finding] = set()
    for app in FULL_APPS:
        of_role = [f"{app.namespace}/{app.secret} {key}" for key in ("password", "uri", "jdbc-url", *ALIASES[app.key])]
        expected |= {Finding("secrets", where, f"{app.stack} {app.key}-database-password") for where in of_role}
        of_admin = f"{app.namespace}/{app.service}-admin password"
        expected.add(Finding("secrets", of_admin, f"{app.stack} {app.key}-postgresql-admin"))
        if app.key == "airbyte":
            of_storage = f"{app.namespace}/{app.release}-object-storage AWS_SECRET_ACCESS_KEY"
            expected.add(Finding("secrets", of_storage, f"{app.stack} airbyte-object-storage"))
    found = {f for f in findings if f.word not in {KNOWN, MARKER} and not f.word.startswith(FORMER)}
    assert found == expected


def test_former_passwords_are_nowhere(findings: list[Finding], twin: OwnedStack) -> None:
    assert len(twin.former_passwords) >= 10, "test_06_lifecycle.py replaces them twice: run it before"
    assert [finding for finding in findings if finding.word.startswith(FORMER)] == []
