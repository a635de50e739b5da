"""The outputs of an app."""

from dataclasses import dataclass

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
    """

    mode: str
    database: Database
    session: Session
    address: str

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
        }
