"""One app's part of a server: role, databases, password, Secret, and the Job that creates or checks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

from components.kubernetes.secrets import by_key, secret
from components.postgres.awaited_job import awaited_job
from components.postgres.bootstrap_job import AppDatabase, Creator, bootstrap_job_spec, check_job_spec
from components.postgres.credentials import (
    PASSWORD_LENGTH,
    SCRAM_VERIFIER,
    WITH_PASSWORD,
    connection_uri,
    secret_data,
    secret_keys,
)
from components.postgres.database_settings import DatabaseSettings
from components.postgres.endpoint import Direct, Endpoint
from components.postgres.scram import SALT_BYTES, verifier
from components.postgres.scripts import fingerprint, read
from components.postgres.security import CONFIG_HASH
from components.postgres.server import AdminSecret, ServerConnection

_BOOTSTRAP = (
    "bootstrap.sh",
    "bootstrap.sql",
    "bootstrap_checks.sql",
    "bootstrap_extensions.sh",
    "bootstrap_moves.sql",
    "bootstrap_proof.sh",
    "extension.sql",
    "marks.sql",
    "waiting.sh",
)
_ROTATION = "lakehouse/password-rotation"
LOGIN = "lakehouse/login"
"""Pod annotation that changes with a role's password and with the iterations of its verifier."""
_CHECK = ("check.sh", "check.sql", "waiting.sh")


@dataclass(frozen=True)
class DatabaseArgs:
    """Arguments of a database.

    Attributes:
        settings: the role, its main database, and the Secret.
        server: the server that it is created on.
        namespace: the app's namespace; the Secret goes there.
        extensions: PostgreSQL extensions in the main database, beside those of the settings.
        further_databases: more databases of the same role, each with the extensions that it needs.
        secret_aliases: further keys of the Secret, each with the key whose value it repeats.
        app: name of the app in the stack file and in the marks on its role and databases; absent, its database's name.
        setting_names: the setting in the stack file that gives a database's name, by that name.
        connections: the lowest number of connections that the app works with.
        password: the role's password, where the server has no admin; else one is generated.
        arriving_from: the source of a move to this server; None if nothing is moved.
        timeout_seconds: how long the Job waits for a server that is still starting.
    """

    settings: DatabaseSettings
    server: ServerConnection
    namespace: str
    extensions: Sequence[str] = ()
    further_databases: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    secret_aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    app: str | None = None
    setting_names: Mapping[str, str] = field(default_factory=dict[str, str])
    connections: int = 1
    password: pulumi.Input[str] | None = None
    arriving_from: ServerConnection | None = None
    timeout_seconds: int = 300

    @property
    def app_name(self) -> str:
        """The app's name in marks and messages."""
        return self.app or self.settings.name

    @property
    def databases(self) -> list[AppDatabase]:
        """Every database of the role, the main one first."""
        main = [*self.settings.extensions, *self.extensions]
        return [
            AppDatabase(name, self.setting_names.get(name, f"{self.app_name}.database.name"), extensions)
            for name, extensions in {self.settings.name: main, **self.further_databases}.items()
        ]


@dataclass(frozen=True)
class Login:
    """What a server, or a pooler in front of it, needs to know of a role to let it log in.

    Attributes:
        verifier: the SCRAM verifier of its password; a secret.
        version: changes with the verifier and is not secret: the iterations and the salt, which every client is told.
    """

    verifier: pulumi.Output[str]
    version: pulumi.Output[str]


class Database(pulumi.ComponentResource):
    """A role and its databases on a server. Resources that depend on it are created after them.

    Attributes:
        endpoint: how the app connects.
        connection_uri: the URI, which contains the password; a secret.
        login: the SCRAM verifier of the generated password; None on a server without an admin.
        deployment: id of the deployment in the marks on the role and its databases; empty on a server without an admin.
    """

    endpoint: Endpoint
    connection_uri: pulumi.Output[str]
    login: Login | None = None
    deployment: pulumi.Input[str] = ""

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lakehouse:postgres:Database", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        server = args.server
        labels = {
            "app.kubernetes.io/name": "postgresql-database",
            "app.kubernetes.io/instance": args.settings.secret_name,
        }
        self.endpoint = Endpoint(
            host=server.host if server.app_host is None else server.app_host,
            port=server.app_port or server.port,
            database=args.settings.name,
            username=args.settings.username,
            secret_name=args.settings.secret_name,
            tls=server.app_tls or server.tls,
            direct=None if server.app_host is None else Direct(server.host, server.port, server.tls),
        )

        generated: list[random.RandomPassword] = []
        if server.admin is not None:
            generated.append(
                random.RandomPassword(
                    f"{name}-password",
                    length=PASSWORD_LENGTH,
                    special=False,
                    keepers={"rotation": str(args.settings.password_rotation)},
                    opts=child,
                )
            )
            password: pulumi.Output[str] = generated[0].result
            self.login = _login(name, args.settings, generated[0], child)
        elif args.password is not None:
            password = pulumi.Output.secret(args.password)
        else:
            raise ValueError(
                f"the server of {name} has no admin: set `password`, that of role {args.settings.username}"
            )
        known = pulumi.Output.all(self.endpoint.host, password)
        self.connection_uri = known.apply(lambda parts: connection_uri(replace(self.endpoint, host=parts[0]), parts[1]))
        app_secret = secret(
            f"{name}-secret",
            {"name": args.settings.secret_name, "namespace": args.namespace, "labels": labels},
            _values(self.endpoint, password, args) | self._verifier,
            child,
        )
        if server.admin is None or self.login is None:
            self._check(name, args, labels=labels, app_secret=app_secret)
        else:
            self._bootstrap(
                name,
                args,
                labels=labels,
                app_secret=app_secret,
                admin=server.admin,
                generated=generated,
                version=self.login.version,
            )
        self.register_outputs({})

    @property
    def _verifier(self) -> dict[str, pulumi.Output[str]]:
        return {} if self.login is None else {SCRAM_VERIFIER: self.login.verifier}

    def _bootstrap(
        self,
        name: str,
        args: DatabaseArgs,
        *,
        labels: Mapping[str, str],
        app_secret: k8s.core.v1.Secret,
        admin: AdminSecret,
        generated: Sequence[random.RandomPassword],
        version: pulumi.Output[str],
    ) -> None:
        """The Job that creates role and databases, in the namespace of the admin's Secret."""
        server, child = args.server, pulumi.ResourceOptions(parent=self)
        job_name = f"{args.settings.secret_name}-bootstrap"
        secrets, password_secret = [app_secret], args.settings.secret_name
        if server.namespace != args.namespace:
            # A pod can only use Secrets of its own namespace.
            password_secret = job_name
            secrets.append(
                secret(
                    f"{name}-bootstrap",
                    {"name": job_name, "namespace": server.namespace, "labels": labels},
                    {"password": generated[0].result, **self._verifier},
                    child,
                )
            )
        scripts = read(*_BOOTSTRAP)
        files = self._files(
            f"{name}-bootstrap", job_name, namespace=server.namespace, labels=labels, scripts=scripts, server=server
        )
        # Stacks with the same name, such as `dev` of two people, may use the same server.
        deployment = random.RandomId(f"{name}-deployment", byte_length=4, opts=child)
        self.deployment = deployment.hex
        self._job(
            f"{name}-bootstrap",
            args,
            metadata={"name": job_name, "namespace": server.namespace, "labels": labels},
            spec=bootstrap_job_spec(
                server=server,
                admin=admin,
                creator=Creator(stack_id(), args.app_name, deployment.hex),
                settings=args.settings,
                password_secret=password_secret,
                databases=args.databases,
                arriving=args.arriving_from is not None,
                files_name=job_name,
                annotations={CONFIG_HASH: fingerprint(scripts), LOGIN: version},
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
        """The Job that checks an existing role and its databases, in the namespace of the app's Secret."""
        job_name = f"{args.settings.secret_name}-check"
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
                app=args.app_name,
                username=args.settings.username,
                secret_name=args.settings.secret_name,
                databases=args.databases,
                connections=args.connections,
                files_name=job_name,
                annotations={
                    CONFIG_HASH: fingerprint(scripts),
                    _ROTATION: f"{args.settings.password_rotation}",
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
        server: ServerConnection,
    ) -> k8s.core.v1.ConfigMap:
        return k8s.core.v1.ConfigMap(
            name,
            metadata={"name": file_name, "namespace": namespace, "labels": labels},
            data={**scripts, **server.ca_files},
            # It follows the server to another namespace, and perhaps back. By default the old object is deleted last:
            # an interrupted update would leave the deletion to the next one, which may have created it again.
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
        awaited_job(
            name,
            metadata,
            spec,
            timeout=f"{args.timeout_seconds + 60}s",
            parent=self,
            depends_on=depends_on,
            replace_with=replace_with,
        )


def _login(
    name: str, settings: DatabaseSettings, password: random.RandomPassword, opts: pulumi.ResourceOptions
) -> Login:
    salt = random.RandomId(
        f"{name}-salt",
        byte_length=SALT_BYTES,
        # A new one for each password.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(replace_with=[password])),
    )
    iterations = settings.scram_iterations
    parts = pulumi.Output.all(password.result, salt.hex)
    return Login(
        verifier=parts.apply(lambda known: verifier(known[0], bytes.fromhex(known[1]), iterations)),
        version=pulumi.Output.concat(str(iterations), "-", salt.hex),
    )


def stack_id() -> str:
    """Name of the stack as `pulumi stack ls` shows it: backends without organisations report `organization`."""
    name = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    organization = pulumi.get_organization()
    return name if organization in {None, "", "organization"} else f"{organization}/{name}"


def _values(endpoint: Endpoint, password: pulumi.Output[str], args: DatabaseArgs) -> dict[str, pulumi.Output[str]]:
    """Values of the app's Secret. Those without the password are known before a new password is."""
    ca, aliases = _mounted_ca(args), args.secret_aliases

    def data(of: pulumi.Input[str]) -> pulumi.Output[dict[str, str]]:
        return pulumi.Output.all(endpoint.host, of, ca).apply(
            lambda parts: secret_data(replace(endpoint, host=parts[0]), parts[1], aliases, parts[2])
        )

    keys = secret_keys(aliases, ca=ca is not None)
    secret_ones = [key for key in keys if aliases.get(key, key) in WITH_PASSWORD]
    return by_key(data(""), keys) | by_key(data(password), secret_ones)


def _mounted_ca(args: DatabaseArgs) -> pulumi.Input[str] | None:
    """The CA certificates that pods mount from the app's Secret: the pooler's and the server's. During a move to a
    server without one it is the old server's: pods that use it run until new ones are ready.
    """
    given = [ca for ca in (args.server.app_ca_certificate, args.server.ca_certificate) if ca is not None]
    if not given and args.arriving_from is not None:
        return args.arriving_from.ca_certificate
    return pulumi.Output.all(*given).apply("\n".join) if len(given) > 1 else next(iter(given), None)
