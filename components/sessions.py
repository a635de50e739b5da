"""How people run `psql` and `pg_dump` on an app's database: one line, ready to paste."""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from components.endpoint import Endpoint, TlsMode
from components.postgres.credentials import CA_CERTIFICATE
from components.postgres.server import Server

_AUTHORITY = "/authority"
# Names of the variables are the Secret's keys.
_LOGIN = "PGDATABASE=$database PGUSER=$username PGPASSWORD=$password"


@dataclass(frozen=True)
class PodSession:
    """In the pod of an embedded server, which needs no password."""

    namespace: str
    pod: str

    def psql(self, endpoint: Endpoint) -> str:
        """Opens a session."""
        return f"kubectl exec -it -n {self.namespace} {self.pod} -- psql -U {endpoint.username} -d {endpoint.database}"

    def pg_dump(self, endpoint: Endpoint) -> str:
        """Writes a dump to a file."""
        dump = f"pg_dump -U {endpoint.username} {endpoint.database}"
        return f"kubectl exec -n {self.namespace} {self.pod} -- {dump} > {endpoint.database}.sql"


@dataclass(frozen=True)
class ClientSession:
    """In a pod of its own that goes when the session ends, for a server that may be anywhere.

    Attributes:
        namespace: the app's namespace, where its Secret is.
        image: image with `psql` and `pg_dump`.
        server: host and port to go to instead of the Secret's: the server itself behind a pooler, where a dump's
            settings of its session would stay behind for whoever gets the connection next.
    """

    namespace: str
    image: str
    server: tuple[str, int] | None = None

    def psql(self, endpoint: Endpoint) -> str:
        """Opens a session."""
        return self._run("psql", "-it", endpoint)

    def pg_dump(self, endpoint: Endpoint) -> str:
        """Writes a dump to a file."""
        return f"{self._run('pg_dump', '-i', endpoint)} > {endpoint.database}.sql"

    def _run(self, command: str, flags: str, endpoint: Endpoint) -> str:
        name = f"{endpoint.secret_name}-{command.replace('_', '-')}"
        overrides = json.dumps({"spec": _pod_spec(name, endpoint)}, separators=(",", ":"))
        place = "PGHOST=$host PGPORT=$port" if self.server is None else "PGHOST={} PGPORT={}".format(*self.server)
        return " ".join(
            [
                f"kubectl run {name} -n {self.namespace} {flags} --rm --quiet --restart=Never --image={self.image}",
                f"--override-type=strategic --overrides={shlex.quote(overrides)}",
                f"-- sh -c {shlex.quote(f'{place} {_LOGIN} exec {command}')}",
            ]
        )


Session = PodSession | ClientSession


def behind_a_pooler(server: Server) -> tuple[str, int] | None:
    """Host and port of a server that apps reach by a pooler; None where they are the apps' own, or not known yet."""
    return (server.host, server.port) if server.app_host is not None and isinstance(server.host, str) else None


def _pod_spec(container: str, endpoint: Endpoint) -> dict[str, Any]:
    checked = endpoint.tls is TlsMode.VERIFY_FULL
    tls = {"PGSSLMODE": endpoint.tls.value} | ({"PGSSLROOTCERT": f"{_AUTHORITY}/{CA_CERTIFICATE}"} if checked else {})
    spec: dict[str, Any] = {
        "name": container,
        "envFrom": [{"secretRef": {"name": endpoint.secret_name}}],
        "env": [{"name": name, "value": value} for name, value in tls.items()],
    }
    if not checked:
        return {"containers": [spec]}
    items = [{"key": CA_CERTIFICATE, "path": CA_CERTIFICATE}]
    return {
        "containers": [{**spec, "volumeMounts": [{"name": "authority", "mountPath": _AUTHORITY}]}],
        "volumes": [{"name": "authority", "secret": {"secretName": endpoint.secret_name, "items": items}}],
    }
