"""What `pulumi stack output` tells about an app."""

from dataclasses import dataclass

import pulumi

from components.postgres.database import Database


@dataclass(frozen=True)
class AppOutputs:
    """How people reach an app and its database.

    Attributes:
        mode: who runs the database.
        database: the app's database, its endpoint and connection string.
        psql_command: opens a session, ready to paste.
        pg_dump_command: writes a dump to a file, ready to paste.
        address: where the app answers.
    """

    mode: str
    database: Database
    psql_command: str
    pg_dump_command: str
    address: str

    @classmethod
    def of(cls, database: Database, namespace: str, pod: str, address: str) -> "AppOutputs":
        """Outputs of an app whose server runs in `pod` of `namespace`."""
        name, user = database.endpoint.database, database.endpoint.username
        return cls(
            mode="embedded",
            database=database,
            psql_command=f"kubectl exec -it -n {namespace} {pod} -- psql -U {user} -d {name}",
            pg_dump_command=f"kubectl exec -n {namespace} {pod} -- pg_dump -U {user} {name} > {name}.sql",
            address=address,
        )

    def to_dict(self) -> dict[str, pulumi.Input[str | int]]:
        """As exported, keys in camelCase; the connection string is a secret."""
        endpoint = self.database.endpoint
        return {
            "mode": self.mode,
            "host": endpoint.host,
            "port": endpoint.port,
            "database": endpoint.database,
            "username": endpoint.username,
            "secretName": endpoint.secret_name,
            "connectionString": pulumi.Output.secret(self.database.connection_uri),
            "psqlCommand": self.psql_command,
            "pgDumpCommand": self.pg_dump_command,
            "address": self.address,
        }
