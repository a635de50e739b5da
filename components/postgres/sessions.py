"""Commands that run `psql` and `pg_dump` on an app's database, each in one line."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.forms.images import POSTGRES_IMAGE
from components.helm.values import given
from components.kubernetes.pods import Pods, numeric_ids
from components.postgres import ca_volume
from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.security import POSTGRES_UID

# The Secret's keys are the variables' names. A shell does not split the value of an assignment into words.
_LOGIN = "PGDATABASE=$database PGUSER=$username PGPASSWORD=$password"


@dataclass(frozen=True)
class PodSession:
    """Commands that run in the pod of an embedded server, without a password."""

    namespace: str
    pod: str

    def psql(self, endpoint: Endpoint) -> str:
        """Command that opens a session."""
        login = f"psql -U {shlex.quote(endpoint.username)} -d {_as_argument(endpoint.database)}"
        return f"kubectl exec -it -n {self.namespace} {self.pod} -- {login}"

    def pg_dump(self, endpoint: Endpoint) -> str:
        """Command that writes a dump to a file."""
        dump = f"pg_dump -U {shlex.quote(endpoint.username)} {_as_argument(endpoint.database)}"
        return f"kubectl exec -n {self.namespace} {self.pod} -- {dump} > {_file(endpoint.database)}"


@dataclass(frozen=True)
class ClientSession:
    """Commands that run in a new pod, which is deleted at their end, for servers outside the namespace.

    They go past a connection pooler: a dump sets session parameters, which a pooler would pass on to the next client.

    Attributes:
        namespace: the app's namespace, where its Secret is.
        image: image with `psql` and `pg_dump`.
        pods: settings of every pod.
    """

    namespace: str
    image: str
    pods: Pods = field(default_factory=Pods)

    def psql(self, endpoint: Endpoint) -> pulumi.Input[str]:
        """Command that opens a session."""

        def command(known: Endpoint) -> str:
            return self._run("psql", "-it", f"{_login(known)} exec psql", known)

        return _with_host(endpoint, command)

    def pg_dump(self, endpoint: Endpoint) -> pulumi.Input[str]:
        """Command that writes a dump to a file."""

        def command(known: Endpoint) -> str:
            # Output from before kubectl attaches is lost: the dump waits for a line of input, which kubectl sends then.
            run = self._run("pg_dump", "-i", f"read -r _; {_login(known)} exec pg_dump", known)
            return f"echo | {run} > {_file(known.database)}"

        return _with_host(endpoint, command)

    def _run(self, command: str, flags: str, script: str, endpoint: Endpoint) -> str:
        image = self.pods.image(self.image, POSTGRES_IMAGE)
        # The container has the pod's name, and must not contain a dot.
        name = f"{endpoint.secret_name}-{command}".replace("_", "-").replace(".", "-")
        spec = {**_pod_spec(name, endpoint, self.pods), **_scheduling(self.pods)}
        overrides = json.dumps({**_metadata(self.pods), "spec": spec}, separators=(",", ":"))
        return " ".join(
            [
                f"kubectl run {name} -n {self.namespace} {flags} --rm --quiet --restart=Never --image={image}",
                f"--override-type=strategic --overrides={shlex.quote(overrides)}",
                f"--command -- sh -c {shlex.quote(script)}",
            ]
        )


Session = PodSession | ClientSession


def _login(endpoint: Endpoint) -> str:
    direct = endpoint.direct
    place = "PGHOST=$host PGPORT=$port" if direct is None else f"PGHOST={direct.host} PGPORT={direct.port}"
    return f"{place} {_LOGIN}"


def _with_host(endpoint: Endpoint, command: Callable[[Endpoint], str]) -> pulumi.Input[str]:
    """A command for an endpoint whose server's host may not be known yet."""
    direct = endpoint.direct
    if direct is None or isinstance(direct.host, str):
        return command(endpoint)
    host = pulumi.Output.from_input(direct.host)
    return host.apply(lambda known: command(replace(endpoint, direct=replace(direct, host=known))))


def _as_argument(database: str) -> str:
    """A database's name for psql and pg_dump, which interpret some names as connection strings or options."""
    if "=" in database or "://" in database or database.startswith("-"):
        escaped = database.replace("\\", "\\\\").replace("'", "\\'")
        return shlex.quote(f"dbname='{escaped}'")
    return shlex.quote(database)


def _file(database: str) -> str:
    """Name of a dump's file."""
    return shlex.quote(f"{database.replace('/', '-')}.sql")


def _pod_spec(container: str, endpoint: Endpoint, pods: Pods) -> dict[str, Any]:
    tls = endpoint.tls if endpoint.direct is None else endpoint.direct.tls
    spec: dict[str, Any] = {
        "name": container,
        "envFrom": [{"secretRef": {"name": endpoint.secret_name}}],
        "env": [{"name": "PGSSLMODE", "value": tls.value}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        # As in all pods with this image, for namespaces that enforce the Pod Security Standard `restricted`.
        "securityContext": {
            "runAsNonRoot": True,
            **_ids(pods),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if tls is not TlsMode.VERIFY_FULL:
        return {**pod, "containers": [spec]}
    spec["env"].append({"name": "PGSSLROOTCERT", "value": ca_volume.FILE})
    return {
        **pod,
        "containers": [{**spec, "volumeMounts": [ca_volume.mount()]}],
        "volumes": [ca_volume.volume(endpoint)],
    }


def _ids(pods: Pods) -> dict[str, int]:
    wanted = {"runAsUser": pods.run_as_user, "runAsGroup": pods.group}
    ids = {name: POSTGRES_UID if number == "image" else number for name, number in wanted.items()}
    return numeric_ids(ids)


def _metadata(pods: Pods) -> dict[str, Any]:
    metadata = {"labels": pods.labels_of(ends=True), "annotations": pods.annotations_of(ends=True)}
    return given({"metadata": given(metadata)})


def _scheduling(pods: Pods) -> dict[str, Any]:
    scheduling = {
        "imagePullSecrets": pods.pull_secrets,
        "tolerations": pods.toleration_specs,
        "nodeSelector": dict(pods.node_selector),
        "affinity": dict(pods.affinity),
        "priorityClassName": pods.priority_class_name,
    }
    return given(scheduling)
