"""Backup sets: all that a restore of one app needs, taken at one moment, and proven by a restore."""
