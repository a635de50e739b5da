"""One app's part of a server: role, databases, password, Secret, and the Job that makes or checks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.kubernetes.secrets import by_key, secret
from components.postgres.bootstrap_job import AppDatabase, Maker, RoleLimits, bootstrap_job_spec, check_job_spec
from components.postgres.credentials import (
    CA_CERTIFICATE,
    PASSWORD_LENGTH,
    WITH_PASSWORD,
    connection_uri,
    secret_data,
    secret_keys,
)
from components.postgres.endpoint import Endpoint
from components.postgres.scripts import fingerprint, read
from components.postgres.security import CONFIG_HASH
from components.postgres.server import AdminSecret, Server

_BOOTSTRAP = (
    "bootstrap.sh",
    "bootstrap.sql",
    "bootstrap_extensions.sh",
    "bootstrap_look.sql",
    "bootstrap_moves.sql",
    "bootstrap_proof.sh",
    "extension.sql",
    "stamps.sql",
    "waiting.sh",
)
_ROTATION = "lakehouse/password-rotation"
_CHECK = ("check.sh", "check.sql", "waiting.sh")


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
        app: what the app is called in the stack file and in the marks on its role and databases; absent, as its
            database.
        settings: the setting in the stack file that says a database's name, by that name.
        connections: the fewest that the app works with.
        adopt: whether a role and databases that somebody else made are taken over.
        password: the role's password, where the server has no admin; else one is generated.
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
    app: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    connections: int = 1
    adopt: bool = False
    password: pulumi.Input[str] | None = None
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

        generated: list[random.RandomPassword] = []
        if server.admin is not None:
            generated.append(
                random.RandomPassword(
                    f"{name}-password",
                    length=PASSWORD_LENGTH,
                    special=False,
                    keepers={"rotation": str(args.password_rotation)},
                    opts=child,
                )
            )
            password: pulumi.Output[str] = generated[0].result
        elif args.password is not None:
            password = pulumi.Output.secret(args.password)
        else:
            raise ValueError(f"the server of {name} has no admin: give the password of role {args.username}")
        known = pulumi.Output.all(self.endpoint.host, password)
        self.connection_uri = known.apply(lambda it: connection_uri(replace(self.endpoint, host=it[0]), it[1]))
        app_secret = secret(
            f"{name}-secret",
            {"name": args.secret_name, "namespace": args.namespace, "labels": labels},
            _values(self.endpoint, password, args),
            child,
        )
        if server.admin is None:
            self._check(name, args, labels=labels, app_secret=app_secret)
        else:
            self._bootstrap(name, args, labels=labels, app_secret=app_secret, admin=server.admin, generated=generated)
        self.register_outputs({})

    def _bootstrap(
        self,
        name: str,
        args: DatabaseArgs,
        *,
        labels: Mapping[str, str],
        app_secret: k8s.core.v1.Secret,
        admin: AdminSecret,
        generated: Sequence[random.RandomPassword],
    ) -> None:
        """The Job that makes role and databases, beside the admin's Secret."""
        server, child = args.server, pulumi.ResourceOptions(parent=self)
        job_name = f"{args.secret_name}-bootstrap"
        secrets, password_secret = [app_secret], args.secret_name
        if server.namespace != args.namespace:
            # A pod reads Secrets of its own namespace alone.
            password_secret = job_name
            secrets.append(
                secret(
                    f"{name}-bootstrap",
                    {"name": job_name, "namespace": server.namespace, "labels": labels},
                    {"password": generated[0].result},
                    child,
                )
            )
        scripts = read(*_BOOTSTRAP)
        files = self._files(
            f"{name}-bootstrap", job_name, namespace=server.namespace, labels=labels, scripts=scripts, server=server
        )
        # Two stacks of one name may meet on a server, such as two people's `dev`.
        deployment = random.RandomId(f"{name}-deployment", byte_length=4, opts=child)
        self._job(
            f"{name}-bootstrap",
            args,
            metadata={"name": job_name, "namespace": server.namespace, "labels": labels},
            spec=bootstrap_job_spec(
                server=server,
                admin=admin,
                maker=Maker(_stack(), args.app or args.name, deployment.hex, args.adopt),
                username=args.username,
                password_secret=password_secret,
                databases=_databases(args),
                scram_iterations=args.scram_iterations,
                limits=args.limits,
                arriving=args.arriving_from is not None,
                files_name=job_name,
                files_hash=fingerprint(scripts),
                labels=labels,
                wait_seconds=args.timeout_seconds,
            ),
            depends_on=[*secrets, files],
            # Also for a password that is new for another reason than its rotation number.
            replace_with=generated,
        )

    def _check(
        self, name: str, args: DatabaseArgs, *, labels: Mapping[str, str], app_secret: k8s.core.v1.Secret
    ) -> None:
        """The Job that looks whether role and databases are what the app needs, beside the app's Secret."""
        job_name = f"{args.secret_name}-check"
        scripts = read(*_CHECK)
        files = self._files(
            f"{name}-check", job_name, namespace=args.namespace, labels=labels, scripts=scripts, server=args.server
        )
        self._job(
            f"{name}-check",
            args,
            metadata={"name": job_name, "namespace": args.namespace, "labels": labels},
            spec=check_job_spec(
                server=args.server,
                app=args.app or args.name,
                username=args.username,
                secret_name=args.secret_name,
                databases=_databases(args),
                connections=args.connections,
                files_name=job_name,
                annotations={
                    CONFIG_HASH: fingerprint(scripts),
                    _ROTATION: f"{args.password_rotation}",
                },
                labels=labels,
                wait_seconds=args.timeout_seconds,
            ),
            depends_on=[app_secret, files],
            replace_with=[],
        )

    def _files(
        self,
        name: str,
        file_name: str,
        *,
        namespace: str,
        labels: Mapping[str, str],
        scripts: Mapping[str, str],
        server: Server,
    ) -> k8s.core.v1.ConfigMap:
        return k8s.core.v1.ConfigMap(
            name,
            metadata={"name": file_name, "namespace": namespace, "labels": labels},
            data={**scripts, **_authority(server)},
            # It follows the server to another namespace, and perhaps back. Were the old one deleted last, as usual, an
            # update that is cut would leave that to the next, which may have made it anew under the same name.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )

    def _job(
        self,
        name: str,
        args: DatabaseArgs,
        *,
        metadata: ObjectMetaArgsDict,
        spec: JobSpecArgs,
        depends_on: Sequence[pulumi.Resource],
        replace_with: Sequence[pulumi.Resource],
    ) -> None:
        k8s.batch.v1.Job(
            name,
            # A Job that failed stays failed; the next `pulumi up` tries again, though nothing changed in it.
            metadata={**metadata, "annotations": {"pulumi.com/replaceUnready": "true"}},
            spec=spec,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=depends_on,
                replace_with=list(replace_with),
                delete_before_replace=True,
                custom_timeouts=pulumi.CustomTimeouts(create=f"{args.timeout_seconds + 60}s"),
            ),
        )


def _databases(args: DatabaseArgs) -> list[AppDatabase]:
    app = args.app or args.name
    return [
        AppDatabase(name, args.settings.get(name, f"{app}.database.name"), extensions)
        for name, extensions in {args.name: args.extensions, **args.further_databases}.items()
    ]


def _stack() -> str:
    """Name of the stack as `pulumi stack ls` shows it. Backends without organisations all call theirs alike."""
    name = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    organization = pulumi.get_organization()
    return name if organization in {None, "", "organization"} else f"{organization}/{name}"


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
