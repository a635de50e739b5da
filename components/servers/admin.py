"""The admin of an existing server: a role that may create roles and databases."""

from collections.abc import Iterator
from typing import Annotated

import pulumi
from pydantic import Field

from components.forms.base import Model, Placeholder, Refusal
from components.forms.computed import OrOutput, TextInput
from components.forms.names import DatabaseName, ObjectName, SecretKey
from components.postgres.admin import Admin, admin_secret
from components.postgres.server import AdminSecret
from components.servers.placement import Placement


class ExistingAdmin(Model):
    """A role that may create roles and databases; it need not be a superuser."""

    secret_name: Annotated[TextInput, OrOutput(ObjectName)] | None = None
    """Existing Secret in `postgresql.namespace` with the role's name and password; absent, the program creates one from
    `username` and `lakehouse:adminPassword`."""
    username_key: SecretKey = "username"
    """Key of the role's name in that Secret."""
    password_key: SecretKey = "password"
    """Key of its password."""
    username: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """The role's name, where there is no such Secret."""
    database: DatabaseName = "postgres"
    """Database that it connects to first."""

    def refusals(self) -> Iterator[Refusal]:
        """Neither a Secret nor a username, or both."""
        reads = (("secretName",), ("username",))
        if self.secret_name is None and self.username is None:
            allowed = "either `secretName`, or `username` beside the encrypted `lakehouse:adminPassword`"
            yield Refusal(("secretName",), Placeholder.NOTHING, allowed, reads)
        if self.secret_name is not None and self.username is not None:
            yield Refusal(("username",), self.username, "not both `secretName` and `username`", reads)
        if self.secret_name is None:
            for name, key in (("username_key", "usernameKey"), ("password_key", "passwordKey")):
                if name in self.model_fields_set:
                    yield Refusal((key,), getattr(self, name), "no key without `secretName`", (("secretName",),))

    def secret(self, name: str, place: Placement, opts: pulumi.ResourceOptions) -> AdminSecret:
        """The admin's Secret: the existing one, or `<name>-admin`, created from `username` and the given password.

        Raises:
            ValueError: neither is given.
        """
        if self.secret_name is not None:
            return AdminSecret(self.secret_name, self.username_key, self.password_key)
        if self.username is None or place.admin_password is None:
            raise ValueError(f"the admin of {name} has no password: give `Placement.admin_password`")
        return admin_secret(name, place.namespace, Admin(self.username, place.admin_password), opts)
