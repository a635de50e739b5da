"""The image of rclone."""

RCLONE_IMAGE = "docker.io/rclone/rclone:1.75.1"
"""The official one, by exact tag."""
