"""Airbyte in a drill."""
