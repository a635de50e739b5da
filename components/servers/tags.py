"""What the clouds have in common in the tags of their resources."""

import unicodedata
from collections.abc import Iterator, Mapping

from components.forms.base import Refusal

MOST = 50
"""Tags of a resource: AWS's limit ("Tagging Amazon RDS resources"), and Cloud SQL's ("Label instances"), which reserves
some of Google Cloud's 64 for backups.
"""


def too_many(tags: Mapping[str, str]) -> Iterator[Refusal]:
    """More tags than a resource can carry."""
    if len(tags) > MOST:
        yield Refusal((), f"{len(tags)} of them", f"at most {MOST}")


def consists_of(text: str, categories: tuple[str, ...], signs: str) -> bool:
    """Whether all characters are of these Unicode categories (by the beginning of their names) or among the signs."""
    return all(sign in signs or unicodedata.category(sign).startswith(categories) for sign in text)
