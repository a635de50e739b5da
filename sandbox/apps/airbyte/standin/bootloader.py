"""The bootloader: what must be there before any other part starts.

In Airbyte's order: the Secret with generated credentials, both schemas, the data plane's account, the default
workspace, and the version in the metadata. Each step is safe to run again.
"""

import hashlib
import logging
import secrets
import string
import uuid

import psycopg

from standin import database, kube, migrate
from standin.settings import SettingError, from_jdbc, require

log = logging.getLogger(__name__)

ALPHABET = string.ascii_letters + string.digits
SECRET_LENGTH = 32  # as Airbyte's bootloader generates them

# The identities that Airbyte gives to the organization and workspace of a fresh installation.
ORGANIZATION = uuid.UUID(int=0)


def run() -> None:
    """Do all steps.

    Raises:
        SettingError: a variable is missing, the service account may not create Secrets, or the database is unusable.

    """
    env = require(
        "AB_AUTH_SECRET_CREATION_ENABLED",
        "AB_KUBERNETES_SECRET_NAME",
        "AB_INSTANCE_ADMIN_PASSWORD",
        "AB_INSTANCE_ADMIN_PASSWORD_SECRET_KEY",
        "AB_INSTANCE_ADMIN_CLIENT_ID",
        "AB_INSTANCE_ADMIN_CLIENT_ID_SECRET_KEY",
        "AB_INSTANCE_ADMIN_CLIENT_SECRET",
        "AB_INSTANCE_ADMIN_CLIENT_SECRET_SECRET_KEY",
        "AB_JWT_SIGNATURE_SECRET",
        "AB_JWT_SIGNATURE_SECRET_KEY",
        "DATAPLANE_CLIENT_ID_SECRET_KEY",
        "DATAPLANE_CLIENT_SECRET_SECRET_KEY",
        "CONFIG_DATABASE_REPLICA_URL",
        "CONFIG_DATABASE_REPLICA_USER",
        "CONFIG_DATABASE_REPLICA_PASSWORD",
        "RUN_DATABASE_MIGRATION_ON_STARTUP",
        "AIRBYTE_VERSION",
    )
    target = from_jdbc()
    cluster = kube.Cluster()
    if env["AB_AUTH_SECRET_CREATION_ENABLED"] == "true":
        auth_secret(cluster, env)
    database.wait(target)
    with database.connect(target) as connection:
        if env["RUN_DATABASE_MIGRATION_ON_STARTUP"] == "true":
            ran = sum(migrate.migrate(connection, schema) for schema in ("configs", "jobs"))
            log.info("both schemas are up to date: %d migrations ran", ran)
        dataplane(cluster, connection, env)
        workspace(connection)
        metadata(connection, env["AIRBYTE_VERSION"])
    log.info("finished: Airbyte %s is set up (by the sandbox's stand-in)", env["AIRBYTE_VERSION"])


def auth_secret(cluster: kube.Cluster, env: dict[str, str]) -> None:
    """Make the Secret that the other parts read: what the chart gave, else what is there, else something random."""
    if not cluster.may_create_secrets():
        msg = "the service account may not create Secrets in this namespace"
        raise SettingError(msg)
    name = env["AB_KUBERNETES_SECRET_NAME"]
    there = cluster.secret(name) or {}
    data: dict[str, str] = {}
    for variable, fresh in (
        ("AB_INSTANCE_ADMIN_PASSWORD", random_word()),
        ("AB_INSTANCE_ADMIN_CLIENT_ID", str(uuid.uuid4())),
        ("AB_INSTANCE_ADMIN_CLIENT_SECRET", random_word()),
        ("AB_JWT_SIGNATURE_SECRET", random_word()),
    ):
        key = env["AB_JWT_SIGNATURE_SECRET_KEY" if "JWT" in variable else f"{variable}_SECRET_KEY"]
        data[key] = env[variable].strip() or there.get(key) or fresh
    cluster.put_secret(name, data)
    log.info("the Secret %s has the keys %s", name, ", ".join(sorted(data)))


def random_word() -> str:
    """Return random letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))


def dataplane(cluster: kube.Cluster, connection: psycopg.Connection, env: dict[str, str]) -> None:
    """Register a data plane unless the Secret holds an account that this database knows.

    It does not after the namespace was made anew on a kept database, or the other way round.
    """
    name = env["AB_KUBERNETES_SECRET_NAME"]
    id_key, secret_key = env["DATAPLANE_CLIENT_ID_SECRET_KEY"], env["DATAPLANE_CLIENT_SECRET_SECRET_KEY"]
    there = cluster.secret(name) or {}
    if known(connection, there.get(id_key, ""), there.get(secret_key, "")):
        return
    account, word = uuid.uuid4(), random_word()
    connection.execute(
        "INSERT INTO service_accounts (id, name, secret_sha256) VALUES (%s, %s, %s)",
        (account, f"dataplane-{account}", hashlib.sha256(word.encode()).hexdigest()),
    )
    plane = uuid.uuid4()
    connection.execute(
        "INSERT INTO dataplane (id, name, service_account_id) VALUES (%s, %s, %s)", (plane, f"AUTO{plane}", account)
    )
    cluster.put_secret(name, {id_key: str(account), secret_key: word})
    log.info("registered the data plane %s", plane)


def known(connection: psycopg.Connection, account: str, word: str) -> bool:
    """Say whether the database knows this account with this secret."""
    digest = hashlib.sha256(word.encode()).hexdigest()
    query = "SELECT 1 FROM service_accounts WHERE id::text = %s AND secret_sha256 = %s"
    return connection.execute(query, (account, digest)).fetchone() is not None


def workspace(connection: psycopg.Connection) -> None:
    """Make the default organization and a workspace unless there is one."""
    connection.execute(
        "INSERT INTO organization (id, name, email) VALUES (%s, 'Default Organization', '') ON CONFLICT DO NOTHING",
        (ORGANIZATION,),
    )
    if connection.execute("SELECT 1 FROM workspace WHERE NOT tombstone LIMIT 1").fetchone() is None:
        connection.execute(
            "INSERT INTO workspace (id, organization_id, name, slug)"
            " VALUES (%s, %s, 'Default Workspace', 'default-workspace')",
            (uuid.uuid4(), ORGANIZATION),
        )
        log.info("made the default workspace")


def metadata(connection: psycopg.Connection, version: str) -> None:
    """Record the deployment, once, and the version, each time."""
    connection.execute(
        "INSERT INTO airbyte_metadata (key, value) VALUES ('deployment_id', %s) ON CONFLICT DO NOTHING",
        (str(uuid.uuid4()),),
    )
    connection.execute(
        "INSERT INTO airbyte_metadata (key, value) VALUES ('airbyte_version', %s)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (version,),
    )
