"""A double of Dagster's package of helpers for its own tests, which PyPI does not have."""
