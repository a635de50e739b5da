"""The outputs of an app."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.postgres.database import Database
from components.postgres.sessions import Session


@dataclass(frozen=True)
class AppOutputs:
    """How to connect to an app and its database.

    Attributes:
        mode: `embedded` or `standalone`.
        database: the app's database.
        session: commands that run `psql` and `pg_dump` on it.
        address: URL of the app.
        backups: where its backup sets are, how to make one, and their key; empty without backups.
    """

    mode: str
    database: Database
    session: Session
    address: str
    backups: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])

    def to_dict(self) -> dict[str, pulumi.Input[str | int]]:
        """The exported mapping, keys in camelCase; the connection string is a secret."""
        endpoint = self.database.endpoint
        return {
            "mode": self.mode,
            "host": endpoint.host,
            "port": endpoint.port,
            "database": endpoint.database,
            "username": endpoint.username,
            "secretName": endpoint.secret_name,
            "connectionString": pulumi.Output.secret(self.database.connection_uri),
            "psqlCommand": self.session.psql(endpoint),
            "pgDumpCommand": self.session.pg_dump(endpoint),
            "address": self.address,
            **self.backups,
        }
