"""Images as settings, and the default image of PostgreSQL servers and Jobs."""

from typing import Annotated

from components.forms.names import Form

POSTGRES_IMAGE = "docker.io/library/postgres:17.11-trixie"


def image(tag: str, allowed: str) -> Form:
    """Form of an image reference with a tag that begins with a pattern, and an optional digest."""
    return Form(rf"[^\s:@]+(:[0-9]+)?(/[^\s:@]+)*:{tag}[-.\w]*(@sha256:[0-9a-f]{{64}})?", None, allowed)


PostgresImage = Annotated[
    str,
    image(r"17\.[0-9]+", f"an image with an exact 17.x tag, such as {POSTGRES_IMAGE} (18 keeps its data elsewhere)"),
]
"""The official `postgres` image, or one based on it, by exact tag."""
