"""A connection pooler between the apps and a server, and how many connections each may open."""
