"""Restoring an app's backup set."""
