"""Dagster in a drill."""
