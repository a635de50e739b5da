"""Tags of AWS resources."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import Refusal, refuse_each
from components.servers.tags import consists_of, too_many

# `Tag` in the RDS API reference.
_CATEGORIES, _SIGNS = ("L", "N", "Z"), "_.:/=+-@"
_WORDS = "letters, digits, spaces and _ . : / = + - @"


def _checked(tags: dict[str, str]) -> dict[str, str]:
    refuse_each(_refused(tags))
    return tags


def _refused(tags: dict[str, str]) -> Iterator[Refusal]:
    yield from too_many(tags)
    for key, value in tags.items():
        if re.match("(?i)(aws|rds):", key):
            yield Refusal((key,), value, "a key that does not begin with aws: or rds:, which AWS reserves")
        elif not 1 <= len(key) <= 128 or not consists_of(key, _CATEGORIES, _SIGNS):
            yield Refusal((key,), value, f"a key of {_WORDS}, 1 to 128 characters")
        if len(value) > 256 or not consists_of(value, _CATEGORIES, _SIGNS) or re.match("(?i)aws:", value):
            yield Refusal((key,), value, f"a value of {_WORDS}, at most 256 characters, that does not begin with aws:")


AwsTags = Annotated[dict[str, str], AfterValidator(_checked)]
"""Tags of AWS resources."""
