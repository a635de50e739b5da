"""The sandbox's example code location for Dagster."""
