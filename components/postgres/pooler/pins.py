"""The version of PgBouncer that the program is tested with."""

PGBOUNCER_IMAGE = "ghcr.io/cloudnative-pg/pgbouncer:1.25.2"
"""PgBouncer and `psql` on Debian, rebuilt with each release of either. Before 1.25.2 anybody who can reach the port can
crash it (CVE-2026-6664)."""
