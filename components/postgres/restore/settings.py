"""A new server's first content as a setting."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.moment import Moment, in_utc
from components.forms.names import Form

NEWEST = "newest"

_SET = Form(rf"({NEWEST}|[0-9]{{8}}T[0-9]{{6}}Z)", None, "`newest`, or the name of a set, such as 20260131T020000Z")
_STACK = Form(r"[-\w.]+(/[-\w.]+){1,2}", None, "a stack as its sets name it: project and stack, such as lakehouse/prod")


class RestoreFrom(Model):
    """The backup set that the databases of a new server begin as."""

    set: Annotated[str, _SET] = NEWEST
    """`newest`: the newest proven set; or the name of one, such as `20260131T020000Z`."""
    at: Moment | None = None
    """With `newest`: the newest set that was begun at this time or before."""
    stack: Annotated[str, _STACK, Field(max_length=200)] | None = None
    """The stack that made the sets, as project and stack: `lakehouse/prod`; absent, this one. Its sets must be in
    this stack's storage, and its backup keys be `airbyteBackupKey` and `dagsterBackupKey`."""

    def refusals(self) -> Iterator[Refusal]:
        """A time for a set that is given by name."""
        if self.at is not None and self.set != NEWEST:
            yield Refusal(("at",), self.at, "nothing with the name of a set", (("set",),))

    @property
    def latest(self) -> str:
        """`at` as names of sets have it; empty if it is not given."""
        return "" if self.at is None else in_utc(self.at).strftime("%Y%m%dT%H%M%SZ")
