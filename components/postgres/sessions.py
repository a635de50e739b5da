"""How people run `psql` and `pg_dump` on an app's database: one line, ready to paste."""

import json
import shlex
from dataclasses import dataclass, field
from typing import Any

from components.kubernetes.pod_settings import PodSettings
from components.postgres import ca_volume as authority
from components.postgres.endpoint import Endpoint, TlsMode
from components.postgres.security import POSTGRES_UID
from components.postgres.server import Server

# Names of the variables are the Secret's keys. What an assignment gets is not split into words.
_LOGIN = "PGDATABASE=$database PGUSER=$username PGPASSWORD=$password"


@dataclass(frozen=True)
class PodSession:
    """In the pod of an embedded server, which needs no password."""

    namespace: str
    pod: str

    def psql(self, endpoint: Endpoint) -> str:
        """Opens a session."""
        login = f"psql -U {shlex.quote(endpoint.username)} -d {_as_argument(endpoint.database)}"
        return f"kubectl exec -it -n {self.namespace} {self.pod} -- {login}"

    def pg_dump(self, endpoint: Endpoint) -> str:
        """Writes a dump to a file."""
        dump = f"pg_dump -U {shlex.quote(endpoint.username)} {_as_argument(endpoint.database)}"
        return f"kubectl exec -n {self.namespace} {self.pod} -- {dump} > {_file(endpoint.database)}"


@dataclass(frozen=True)
class ClientSession:
    """In a pod of its own that goes when the session ends, for a server that may be anywhere.

    Attributes:
        namespace: the app's namespace, where its Secret is.
        image: image with `psql` and `pg_dump`.
        server: host and port to go to instead of the Secret's: the server itself behind a pooler, where a dump's
            settings of its session would stay behind for whoever gets the connection next.
        pods: what holds for every pod.
    """

    namespace: str
    image: str
    server: tuple[str, int] | None = None
    pods: PodSettings = field(default_factory=PodSettings)

    def psql(self, endpoint: Endpoint) -> str:
        """Opens a session."""
        return self._run("psql", "-it", f"{self._login} exec psql", endpoint)

    def pg_dump(self, endpoint: Endpoint) -> str:
        """Writes a dump to a file."""
        # What a pod writes before kubectl has its output is lost: the dump waits for the line that comes with it.
        run = self._run("pg_dump", "-i", f"read -r _; {self._login} exec pg_dump", endpoint)
        return f"echo | {run} > {_file(endpoint.database)}"

    @property
    def _login(self) -> str:
        place = "PGHOST=$host PGPORT=$port" if self.server is None else "PGHOST={} PGPORT={}".format(*self.server)
        return f"{place} {_LOGIN}"

    def _run(self, command: str, flags: str, script: str, endpoint: Endpoint) -> str:
        image = self.pods.image(self.image)
        # The container has the pod's name, and no dot may be in it.
        name = f"{endpoint.secret_name}-{command}".replace("_", "-").replace(".", "-")
        spec = {**_pod_spec(name, endpoint, self.pods), **_placed(self.pods)}
        overrides = json.dumps({**_metadata(self.pods), "spec": spec}, separators=(",", ":"))
        return " ".join(
            [
                f"kubectl run {name} -n {self.namespace} {flags} --rm --quiet --restart=Never --image={image}",
                f"--override-type=strategic --overrides={shlex.quote(overrides)}",
                f"--command -- sh -c {shlex.quote(script)}",
            ]
        )


Session = PodSession | ClientSession


def _as_argument(database: str) -> str:
    """A database's name for psql and pg_dump, which take some for connection strings or options."""
    if "=" in database or "://" in database or database.startswith("-"):
        escaped = database.replace("\\", "\\\\").replace("'", "\\'")
        return shlex.quote(f"dbname='{escaped}'")
    return shlex.quote(database)


def _file(database: str) -> str:
    """Name of a dump's file."""
    return shlex.quote(f"{database.replace('/', '-')}.sql")


def behind_a_pooler(server: Server) -> tuple[str, int] | None:
    """Host and port of a server that apps reach by a pooler; None where they are the apps' own, or not known yet."""
    return (server.host, server.port) if server.app_host is not None and isinstance(server.host, str) else None


def _pod_spec(container: str, endpoint: Endpoint, pods: PodSettings) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": container,
        "envFrom": [{"secretRef": {"name": endpoint.secret_name}}],
        "env": [{"name": "PGSSLMODE", "value": endpoint.tls.value}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        # As all pods on this image, so that a namespace may be strict.
        "securityContext": {
            "runAsNonRoot": True,
            **_ids(pods),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if endpoint.tls is not TlsMode.VERIFY_FULL:
        return {**pod, "containers": [spec]}
    spec["env"].append({"name": "PGSSLROOTCERT", "value": authority.FILE})
    return {
        **pod,
        "containers": [{**spec, "volumeMounts": [authority.mount()]}],
        "volumes": [authority.volume(endpoint)],
    }


def _ids(pods: PodSettings) -> dict[str, int]:
    wanted = {"runAsUser": pods.user, "runAsGroup": pods.group}
    ids = {name: POSTGRES_UID if it == "image" else it for name, it in wanted.items()}
    return {name: it for name, it in ids.items() if isinstance(it, int)}


def _metadata(pods: PodSettings) -> dict[str, Any]:
    marks = {"labels": pods.labels_of(ends=True), "annotations": pods.annotations_of(ends=True)}
    given = {name: it for name, it in marks.items() if it}
    return {"metadata": given} if given else {}


def _placed(pods: PodSettings) -> dict[str, Any]:
    wanted = {
        "imagePullSecrets": pods.pull_secrets,
        "tolerations": [dict(it) for it in pods.tolerations],
        "nodeSelector": dict(pods.node_selector),
        "affinity": dict(pods.affinity),
        "priorityClassName": pods.priority_class,
    }
    return {name: it for name, it in wanted.items() if it}
