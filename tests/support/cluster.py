"""The sandbox's cluster for tests: commands in its network, objects, rows, and waiting for conditions."""

import base64
import csv
import io
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox import enter, environment
from sandbox.paths import Sandbox
from tests.support.stacks import ROOT

SANDBOX = Sandbox.of(ROOT)
COMMAND_SECONDS = 300
"""Timeout of a test's command in seconds."""

Value = TypeVar("Value")


def run(*argv: str, seconds: float = COMMAND_SECONDS, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell in the sandbox does; its output is captured, the caller checks its exit status."""
    return enter.run(SANDBOX, argv, timeout=seconds, **{"capture_output": True, **options})


def ok(*argv: str, **options: Any) -> str:
    """Run a command that must succeed; return its standard output.

    Raises:
        AssertionError: it failed; with its output.
    """
    done = run(*argv, **options)
    assert done.returncode == 0, described(done)
    return done.stdout


def start(*argv: str, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """Start a command as a shell in the sandbox does, in the checkout; the options are those of ``Popen``."""
    command = enter.command(SANDBOX, argv)
    variables = {**os.environ, **environment.variables(SANDBOX), **(env or {})}
    return subprocess.Popen(command, env=variables, cwd=ROOT, text=True, **options)


def described(done: subprocess.CompletedProcess[str]) -> str:
    """A command with its exit status and the end of its output."""
    shown = " ".join(map(str, done.args))
    return f"{shown}\nexit code {done.returncode}\n{(done.stdout or '')[-4000:]}\n{(done.stderr or '')[-4000:]}"


def shell(line: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a line as in `make shell`."""
    return run("bash", "-c", line, **options)


def kubectl(*arguments: str, **options: Any) -> str:
    """Run kubectl, which must succeed; return its standard output."""
    return ok("kubectl", *arguments, **options)


def objects(kind: str, namespace: str | None = None, labels: str = "") -> list[dict[str, Any]]:
    """All objects of a kind, in one namespace or in all, as the API returns them."""
    where = ["--namespace", namespace] if namespace else ["--all-namespaces"]
    selector = ["--selector", labels] if labels else []
    return json.loads(kubectl("get", kind, *where, *selector, "--output=json"))["items"]


def find(kind: str, name: str, namespace: str) -> dict[str, Any] | None:
    """One object, or None if it does not exist."""
    output = kubectl("get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output=json")
    return json.loads(output) if output.strip() else None


def get(kind: str, name: str, namespace: str) -> dict[str, Any]:
    """One object that must exist."""
    existing = find(kind, name, namespace)
    assert existing is not None, f"no {kind} {name} in namespace {namespace}"
    return existing


def secret_values(name: str, namespace: str) -> dict[str, str]:
    """The decoded values of a Secret."""
    data: dict[str, str] = get("secret", name, namespace).get("data", {})
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def is_ready(pod: Mapping[str, Any] | None) -> bool:
    """Whether a pod has the condition Ready and is not being deleted."""
    if pod is None or "deletionTimestamp" in pod["metadata"]:
        return False
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def until(what: str, check: Callable[[], tuple[bool, Value]], seconds: float = 60, every: float = 0.3) -> Value:
    """Check repeatedly until a condition is met; return the value that was observed then.

    Args:
        what: description of the condition.
        check: returns whether it is met, and the observed value.
        seconds: timeout.
        every: seconds between two checks.

    Raises:
        AssertionError: it was not met in time; with the last observed value.
    """
    end = time.monotonic() + seconds
    while True:
        met, observed = check()
        if met:
            return observed
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s; last observed: {observed}"
        time.sleep(every)


@dataclass(frozen=True)
class DatabasePod:
    """The pod of an embedded server, and the app's role and database in it."""

    namespace: str
    name: str
    username: str
    database: str

    def exec(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command in the server's container."""
        interactive = ["--stdin"] if "input" in options else []
        return run("kubectl", "exec", *interactive, "--namespace", self.namespace, self.name, "--", *argv, **options)

    def output(self, *argv: str, **options: Any) -> str:
        """Run a command that must succeed in the server's container; return its standard output."""
        done = self.exec(*argv, **options)
        assert done.returncode == 0, described(done)
        return done.stdout

    def rows(self, sql: str, *, database: str = "", username: str = "") -> list[list[str]]:
        """The rows that a query returns, every value as text; statements that return none give an empty list."""
        argv = ["psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--set=ON_ERROR_STOP=1"]
        argv += ["--username", username or self.username, "--dbname", database or self.database]
        return list(csv.reader(io.StringIO(self.output(*argv, input=sql))))

    def value(self, sql: str, *, database: str = "", username: str = "") -> str:
        """The one value that a query returns."""
        ((value,),) = self.rows(sql, database=database, username=username)
        return value

    def object(self) -> dict[str, Any] | None:
        """The pod as the API returns it."""
        return find("pod", self.name, self.namespace)

    def wait_ready(self, seconds: float = 90, *, other_than: str = "") -> dict[str, Any]:
        """Wait until the pod is ready, and its uid is not `other_than`."""

        def check() -> tuple[bool, Any]:
            pod = self.object()
            fresh = pod is not None and pod["metadata"]["uid"] != other_than
            return fresh and is_ready(pod), pod and pod["status"]

        until(f"pod {self.name} ready", check, seconds)
        pod = self.object()
        assert pod is not None
        return pod


@dataclass(frozen=True)
class Reply:
    """An HTTP reply; status 0 without a response."""

    status: int
    text: str

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.text)


def http(url: str, body: object = None, *, token: str = "", seconds: float = 30) -> Reply:
    """GET, or POST of `body` as JSON; an error status is a reply like any other."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - the sandbox's own address
    try:
        with urllib.request.urlopen(request, timeout=seconds) as reply:  # noqa: S310
            return Reply(reply.status, reply.read().decode())
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.read().decode())
    except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
        return Reply(0, str(error))


def node_port(namespace: str, service: str) -> str:
    """URL of a Service of type NodePort on the host."""
    port = get("service", service, namespace)["spec"]["ports"][0].get("nodePort")
    assert port, f"service {service} in {namespace} has no NodePort"
    return f"http://{SANDBOX.address}:{port}"
