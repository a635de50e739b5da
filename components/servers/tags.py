"""Tags of cloud resources, in the forms that AWS and Google Cloud take."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import Refusal, refuse_each

MOST = 50
"""Tags of a resource: AWS's limit ("Tagging Amazon RDS resources"), and Cloud SQL's ("Label instances"), which keeps
some of Google Cloud's 64 for backups.
"""


def _aws(tags: dict[str, str]) -> dict[str, str]:
    # `Tag` in the RDS API reference.
    refuse_each(_refused_by_aws(tags))
    return tags


def _google(labels: dict[str, str]) -> dict[str, str]:
    # "Label instances" in Cloud SQL's documentation; international letters are allowed if they are no capitals.
    refuse_each(_refused_by_google(labels))
    return labels


def _refused_by_aws(tags: dict[str, str]) -> Iterator[Refusal]:
    yield from _too_many(tags)
    signs = "letters, digits, spaces and _ . : / = + - @"
    for key, value in tags.items():
        if re.match("(?i)(aws|rds):", key):
            yield Refusal((key,), value, "a key that does not begin with aws: or rds:, which are AWS's own")
        elif not 1 <= len(key) <= 128 or not _of(key, "LNZ", "_.:/=+-@"):
            yield Refusal((key,), value, f"a key of {signs}, 1 to 128 characters")
        if len(value) > 256 or not _of(value, "LNZ", "_.:/=+-@") or re.match("(?i)aws:", value):
            yield Refusal((key,), value, f"a value of {signs}, at most 256 characters, that does not begin with aws:")


def _refused_by_google(labels: dict[str, str]) -> Iterator[Refusal]:
    yield from _too_many(labels)
    signs = "lower-case letters, digits, '_' and '-'"
    for key, value in labels.items():
        if not 1 <= len(key) <= 63 or not _of(key[:1], ("Ll", "Lo"), "") or not _of(key, ("Ll", "Lo", "N"), "_-"):
            yield Refusal((key,), value, f"a key of {signs}, beginning with a letter, at most 63 characters")
        if len(value) > 63 or not _of(value, ("Ll", "Lo", "N"), "_-"):
            yield Refusal((key,), value, f"a value of {signs}, at most 63 characters")


def _too_many(tags: dict[str, str]) -> Iterator[Refusal]:
    if len(tags) > MOST:
        yield Refusal((), f"{len(tags)} of them", f"at most {MOST}")


def _of(text: str, categories: str | tuple[str, ...], signs: str) -> bool:
    """Whether all characters are of these Unicode categories (by the beginning of their names) or among the signs."""
    return all(sign in signs or unicodedata.category(sign).startswith(tuple(categories)) for sign in text)


AwsTags = Annotated[dict[str, str], AfterValidator(_aws)]
"""Tags of AWS resources."""

GoogleLabels = Annotated[dict[str, str], AfterValidator(_google)]
"""Labels of Google Cloud resources."""
