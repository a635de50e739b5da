"""Who runs PostgreSQL: a server beside each app, or one that both apps share."""

from typing import Annotated, TypeAlias

from pydantic import Field

from components.servers.embedded.settings import EmbeddedPostgreSQL
from components.servers.standalone import StandalonePostgreSQL

AnyPostgreSQL: TypeAlias = EmbeddedPostgreSQL | StandalonePostgreSQL

PostgreSQL = Annotated[AnyPostgreSQL, Field(discriminator="mode")]
"""As a stack file says it."""
