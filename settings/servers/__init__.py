"""The kinds of server that may be shared by both apps, one module each."""

from settings.servers.existing import ExistingServer

# pydantic's discriminated union takes over here as soon as there is a second kind.
Server = ExistingServer
