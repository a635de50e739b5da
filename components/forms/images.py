"""Images as settings, and the default images of servers and Jobs."""

from typing import Annotated

from components.forms.names import Form

POSTGRES_IMAGE = "docker.io/library/postgres:17.11-trixie"
RCLONE_IMAGE = "docker.io/rclone/rclone:1.75.1"
KUBECTL_IMAGE = "docker.io/alpine/kubectl:1.34.2"
"""`kubectl`, one static program, and a shell; the official image has no shell."""

DEFAULT_IMAGES = frozenset({POSTGRES_IMAGE, RCLONE_IMAGE, KUBECTL_IMAGE})
"""Images that the program names itself. They are pulled from the mirror, if there is one."""


def image(tag: str, allowed: str) -> Form:
    """Form of an image reference with a tag that begins with a pattern, and an optional digest."""
    return Form(rf"[^\s:@]+(:[0-9]+)?(/[^\s:@]+)*:{tag}[-.\w]*(@sha256:[0-9a-f]{{64}})?", None, allowed)


PostgresImage = Annotated[
    str,
    image(r"17\.[0-9]+", f"an image with an exact 17.x tag, such as {POSTGRES_IMAGE} (18 keeps its data elsewhere)"),
]
"""The official `postgres` image, or one based on it, by exact tag."""
