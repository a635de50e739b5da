"""What a command says when it cannot go on."""


class Failure(Exception):  # noqa: N818 - one of the things that a command prints, not a defect
    """The text says what failed and what to do."""
