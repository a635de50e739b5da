"""The base of all settings models: unknown keys are refused, keys are in camelCase as everywhere in Kubernetes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, NoReturn, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

KeyPath = tuple[str | int, ...]
"""Keys (and numbers of list items) that lead to a value."""


class Placeholder(Enum):
    """What a message shows instead of a missing or a secret value."""

    NOTHING = "nothing"
    SECRET = "(a secret)"


@dataclass(frozen=True)
class Refusal:
    """A value that a rule does not allow.

    Attributes:
        path: path from the value under validation.
        found: the value, or a `Placeholder`.
        allowed: which value would be allowed.
        reads: paths of the other values that the rule depends on. If one of them is wrong itself, this refusal is not
            reported.
    """

    path: KeyPath
    found: object
    allowed: str
    reads: tuple[KeyPath, ...] = ()

    def __str__(self) -> str:
        return f"allowed: {self.allowed}"


class Model(BaseModel):
    """Base of all settings: frozen, no unknown keys, camelCase in the stack file and snake_case in Python."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        # As in the JSON Schema: `true` is not a number and "yes" is not a boolean.
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        # Values may be passwords, and messages are logged.
        hide_input_in_errors=True,
    )

    renamed: ClassVar[Mapping[str, str | tuple[str, ...]]] = {}
    """Keys of earlier versions of the stack file, each with the key that replaces it, or the several that do."""

    def refusals(self) -> Iterator[Refusal]:
        """Values that are valid each, but not together. Models with such rules override it."""
        yield from ()

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        refuse_each(self.refusals())
        return self


def refuse(allowed: str) -> NoReturn:
    """Refuse the value under validation, with what is allowed instead.

    Raises:
        PydanticCustomError: always.
    """
    raise _error(Refusal((), None, allowed))


def refuse_each(refusals: Iterable[Refusal]) -> None:
    """Refuse values below the one under validation, all in one error.

    Raises:
        ValidationError: there is one or more.
    """
    errors = [InitErrorDetails(type=_error(refusal), loc=refusal.path, input=refusal.found) for refusal in refusals]
    if errors:
        raise ValidationError.from_exception_data("settings", errors)


def one_of(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _error(refusal: Refusal) -> PydanticCustomError:
    return PydanticCustomError("refused", "{refusal}", {"refusal": refusal})
