"""A kind of server that does not exist, as a folder that `components/servers` takes in."""
