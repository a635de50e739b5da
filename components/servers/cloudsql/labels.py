"""Labels of Google Cloud resources."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import Refusal, refuse_each
from components.servers.tags import consists_of, too_many

# "Label instances" in Cloud SQL's documentation; international letters are allowed if they are no capitals.
_LETTERS, _CHARACTERS = ("Ll", "Lo"), ("Ll", "Lo", "N")
_WORDS = "lower-case letters, digits, '_' and '-'"


def _checked(labels: dict[str, str]) -> dict[str, str]:
    refuse_each(_refused(labels))
    return labels


def _refused(labels: dict[str, str]) -> Iterator[Refusal]:
    yield from too_many(labels)
    for key, value in labels.items():
        well_begun = consists_of(key[:1], _LETTERS, "")
        if not 1 <= len(key) <= 63 or not well_begun or not consists_of(key, _CHARACTERS, "_-"):
            yield Refusal((key,), value, f"a key of {_WORDS}, beginning with a letter, at most 63 characters")
        if len(value) > 63 or not consists_of(value, _CHARACTERS, "_-"):
            yield Refusal((key,), value, f"a value of {_WORDS}, at most 63 characters")


GoogleLabels = Annotated[dict[str, str], AfterValidator(_checked)]
"""Labels of Google Cloud resources."""
