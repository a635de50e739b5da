"""The cluster of a stack: objects, queries, and ports of Services."""

import base64
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from components.kubernetes.kubectl import Kubectl
from ops.clients.commands import output
from ops.clients.failure import Failure

_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) ")


@dataclass(frozen=True)
class Cluster:
    """The stack's cluster."""

    kubectl: Kubectl

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any] | None:
        """An object; None if it does not exist."""
        printed = self.run("get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output=json")
        return json.loads(printed) if printed.strip() else None

    def secret(self, name: str, namespace: str) -> dict[str, str]:
        """The values of a Secret; empty if it does not exist."""
        found = self.get("secret", name, namespace)
        return {key: base64.b64decode(value).decode() for key, value in ((found or {}).get("data") or {}).items()}

    def check_namespaces(self, names: Sequence[str], mark: str) -> None:
        """Make sure that namespaces can be created, or are left by an interrupted command.

        Args:
            names: their names.
            mark: the label that tells them from those that this command has not created, which are never deleted.

        Raises:
            Failure: there is one without that label.
        """
        for name in names:
            existing = self.get("namespace", name, "")
            if existing is not None and mark not in existing["metadata"].get("labels", {}):
                raise Failure(f"namespace {name} exists without the label {mark}: it is somebody else's")

    def create_namespace(self, name: str, labels: Mapping[str, str], mark: str) -> None:
        """Create a namespace, empty even if an interrupted command has left it; see `check_namespaces`."""
        self.delete_namespaces([name])
        metadata = {"name": name, "labels": {**labels, mark: "true"}}
        self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def delete_namespaces(self, names: Sequence[str]) -> None:
        """Delete those that exist, and wait until they are gone with all that is in them."""
        self.run("delete", "namespace", *names, "--ignore-not-found", "--wait")

    def copy_secret(self, name: str, source: str, target: str) -> None:
        """Copy a Secret to another namespace, if it exists."""
        found = self.get("secret", name, source)
        if found is not None:
            kept = {key: found[key] for key in ("apiVersion", "kind", "type", "data") if key in found}
            self.create({**kept, "metadata": {"name": name, "namespace": target}})

    def annotate(self, kind: str, name: str, namespace: str, annotation: str, value: str) -> None:
        """Set an annotation."""
        self.run("annotate", kind, name, "--namespace", namespace, "--overwrite", f"{annotation}={value}")

    def query(self, pod: str, namespace: str, *, username: str, database: str, sql: str) -> list[str]:
        """Rows of a query in the pod of an embedded server, a line each."""
        psql = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-U", username, "-d", database]
        printed = output(self.kubectl.argv("exec", "--stdin", "--namespace", namespace, pod, "--", *psql), given=sql)
        return printed.splitlines()

    @contextmanager
    def port(self, service: str, namespace: str, port: int) -> Iterator[str]:
        """Address of a Service's port on this machine.

        Raises:
            Failure: it cannot be reached.
        """
        command = self.kubectl.argv("port-forward", f"service/{service}", f":{port}", "--namespace", namespace)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                line = process.stdout.readline() if process.stdout else ""
                found = _FORWARDING.match(line)
                if found is None:
                    raise Failure(f"service {service} in {namespace} cannot be reached: {line.strip()}")
                yield f"http://127.0.0.1:{found[1]}"
            finally:
                process.terminate()

    def create(self, manifest: Mapping[str, Any]) -> None:
        """Create an object.

        Raises:
            Failure: it exists, or is refused.
        """
        self.run("create", "--filename=-", given=json.dumps(manifest))

    def run(self, *arguments: str, given: str | None = None) -> str:
        """Output of kubectl.

        Raises:
            Failure: it failed.
        """
        return output(self.kubectl.argv(*arguments), given=given)
