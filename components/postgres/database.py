"""One app's part of a server: role, databases, password, Secret, and the Job that makes them true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from components.endpoint import Endpoint
from components.postgres.bootstrap_job import RoleLimits, bootstrap_job_spec
from components.postgres.credentials import (
    CA_CERTIFICATE,
    PASSWORD_LENGTH,
    WITH_PASSWORD,
    connection_uri,
    secret_data,
    secret_keys,
)
from components.postgres.scripts import fingerprint, read
from components.postgres.server import Server
from components.secrets import by_key, secret


@dataclass(frozen=True)
class DatabaseArgs:
    """What a database needs to know.

    Attributes:
        server: the server that it is made on.
        namespace: the app's namespace; the Secret goes there.
        name: the app's database.
        username: the app's role, owner of the databases.
        secret_name: name of the app's Secret.
        extensions: PostgreSQL extensions in the app's database.
        further_databases: more databases of the same role, each with the extensions that it needs.
        secret_aliases: further keys of the Secret, each with the key whose value it repeats.
        password_rotation: raise it for a new password.
        scram_iterations: rounds that a client computes at each login, against guessing; a generated password needs
            none. PostgreSQL's default is 4096, and JDBC refuses fewer.
        limits: what the role may take of the server.
        arriving_from: the server that a move is to bring the data from; None if nothing is moved.
        timeout_seconds: how long the Job waits for a server that is still starting.
    """

    server: Server
    namespace: str
    name: str
    username: str
    secret_name: str
    extensions: Sequence[str] = ()
    further_databases: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    secret_aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    password_rotation: int = 1
    scram_iterations: int = 4096
    limits: RoleLimits = field(default_factory=RoleLimits)
    arriving_from: Server | None = None
    timeout_seconds: int = 300


class Database(pulumi.ComponentResource):
    """A role and its databases on a server. Whoever depends on it finds them ready.

    Attributes:
        endpoint: all that an app needs to know.
        connection_uri: the URI with the password in it, a secret.
    """

    endpoint: Endpoint
    connection_uri: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:Database", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        server = args.server
        labels = {"app.kubernetes.io/name": "postgresql-database", "app.kubernetes.io/instance": args.secret_name}
        self.endpoint = Endpoint(
            host=server.host if server.app_host is None else server.app_host,
            port=server.app_port or server.port,
            database=args.name,
            username=args.username,
            secret_name=args.secret_name,
            tls=server.tls,
        )

        password = random.RandomPassword(
            f"{name}-password",
            length=PASSWORD_LENGTH,
            special=False,
            keepers={"rotation": str(args.password_rotation)},
            opts=child,
        )
        known = pulumi.Output.all(self.endpoint.host, password.result)
        self.connection_uri = known.apply(lambda it: connection_uri(replace(self.endpoint, host=it[0]), it[1]))
        secrets = [
            secret(
                f"{name}-secret",
                {"name": args.secret_name, "namespace": args.namespace, "labels": labels},
                _values(self.endpoint, password.result, args),
                child,
            )
        ]
        job_name, password_secret = f"{args.secret_name}-bootstrap", args.secret_name
        if server.namespace != args.namespace:
            # A pod reads Secrets of its own namespace alone.
            password_secret = job_name
            secrets.append(
                secret(
                    f"{name}-bootstrap",
                    {"name": job_name, "namespace": server.namespace, "labels": labels},
                    {"password": password.result},
                    child,
                )
            )
        scripts = read("arrivals.sql", "bootstrap.sh", "bootstrap.sql", "extension.sql", "stamps.sql")
        files = k8s.core.v1.ConfigMap(
            f"{name}-bootstrap",
            metadata={"name": job_name, "namespace": server.namespace, "labels": labels},
            data=scripts | _authority(server),
            # It follows the server to another namespace, and perhaps back. Were the old one deleted last, as usual, an
            # update that is cut would leave that to the next, which may have made it anew under the same name.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        k8s.batch.v1.Job(
            f"{name}-bootstrap",
            metadata={
                "name": job_name,
                "namespace": server.namespace,
                "labels": labels,
                # A Job that failed stays failed; the next `pulumi up` tries again, though nothing changed in it.
                "annotations": {"pulumi.com/replaceUnready": "true"},
            },
            spec=bootstrap_job_spec(
                server=server,
                username=args.username,
                password_secret=password_secret,
                databases={args.name: args.extensions, **args.further_databases},
                scram_iterations=args.scram_iterations,
                limits=args.limits,
                arriving=args.arriving_from is not None,
                files_name=job_name,
                files_hash=fingerprint(scripts),
                labels=labels,
                wait_seconds=args.timeout_seconds,
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*secrets, files],
                # Also for a password that is new for another reason than its rotation number.
                replace_with=[password],
                delete_before_replace=True,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{args.timeout_seconds + 60}s"),
            ),
        )
        self.register_outputs({})


def _values(endpoint: Endpoint, password: pulumi.Output[str], args: DatabaseArgs) -> dict[str, pulumi.Output[str]]:
    """Values of the app's Secret. While a new password is not known yet, those without it are."""
    authority, aliases = _mounted_authority(args), args.secret_aliases

    def data(of: pulumi.Input[str]) -> pulumi.Output[dict[str, str]]:
        return pulumi.Output.all(endpoint.host, of, authority).apply(
            lambda it: secret_data(replace(endpoint, host=it[0]), it[1], aliases, it[2])
        )

    keys = secret_keys(aliases, ca=authority is not None)
    secret_ones = [key for key in keys if aliases.get(key, key) in WITH_PASSWORD]
    return by_key(data(""), keys) | by_key(data(password), secret_ones)


def _mounted_authority(args: DatabaseArgs) -> pulumi.Input[str] | None:
    """The certificate that pods mount out of the app's Secret; while data are moved to a server that has none, the old
    server's, which pods need until the app is switched: old ones serve until new ones are ready.
    """
    if args.server.ca_certificate is None and args.arriving_from is not None:
        return args.arriving_from.ca_certificate
    return args.server.ca_certificate


def _authority(server: Server) -> dict[str, pulumi.Input[str]]:
    return {} if server.ca_certificate is None else {CA_CERTIFICATE: server.ca_certificate}
