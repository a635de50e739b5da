"""A stand-in for Airbyte: it does with its databases, Secrets and storage what Airbyte does, and moves no data."""
