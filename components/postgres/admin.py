"""The admin of a server, and its Secret."""

from dataclasses import dataclass

import pulumi
import pulumi_random as random

from components.kubernetes.secrets import secret
from components.postgres.credentials import PASSWORD_LENGTH
from components.postgres.server import AdminSecret

ADMIN = "postgres"
"""Name of the admin on servers that the program creates; RDS and Cloud SQL have it as well."""


@dataclass(frozen=True)
class Admin:
    """The role that creates roles and databases.

    Attributes:
        username: its name.
        password: its password, a secret.
    """

    username: str
    password: pulumi.Input[str]


def generated_admin(name: str, rotation: int, opts: pulumi.ResourceOptions) -> Admin:
    """An admin with a password that is generated again when `rotation` is raised."""
    password = random.RandomPassword(
        f"{name}-admin",
        length=PASSWORD_LENGTH,
        special=False,
        keepers={"rotation": str(rotation)},
        opts=opts,
    )
    return Admin(ADMIN, password.result)


def admin_secret(name: str, namespace: str, admin: Admin, opts: pulumi.ResourceOptions) -> AdminSecret:
    """Create the Secret `<name>-admin` of an admin."""
    secret_name = f"{name}-admin"
    secret(
        f"{name}-admin",
        {"name": secret_name, "namespace": namespace},
        {"username": admin.username, "password": admin.password},
        opts,
    )
    return AdminSecret(secret_name)
