"""What every settings model shares: unknown keys are mistakes, keys are camelCase as everywhere in Kubernetes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NoReturn, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

KeyPath = tuple[str | int, ...]
"""Keys (and numbers of list items) that lead to a value."""


class Found(Enum):
    """What is found where there is no value that could be shown."""

    NOTHING = "nothing"
    SECRET = "(a secret)"


@dataclass(frozen=True)
class Refusal:
    """A value that a rule does not allow.

    Attributes:
        path: where it is, below the value under validation.
        found: what is there, or a `Found`.
        allowed: what may be there instead.
        reads: paths of the other values that the rule looked at. Where one of them is wrong itself, the rule has
            nothing to say.
    """

    path: KeyPath
    found: object
    allowed: str
    reads: tuple[KeyPath, ...] = ()


class Model(BaseModel):
    """Base of all settings: frozen, no unknown keys, camelCase in the stack file and snake_case in Python."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        # What the JSON Schema tells editors: `true` is no number and "yes" no boolean.
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
    )

    def refusals(self) -> Iterator[Refusal]:
        """Values, each allowed by itself, that do not go with each other. Models with such rules override it."""
        yield from ()

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        refuse_each(self.refusals())
        return self


def nested_models(annotation: object) -> list[type[BaseModel]]:
    """The models in a field's annotation: itself, or the alternatives of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in nested_models(inner)]


def alternatives(field: FieldInfo) -> dict[str, type[BaseModel]]:
    """The models of a field that is one of several kinds, by the word that says which; empty for any other field."""
    if not isinstance(field.discriminator, str):
        return {}
    models = nested_models(field.annotation)
    return {get_args(model.model_fields[field.discriminator].annotation)[0]: model for model in models}


def refuse(allowed: str) -> NoReturn:
    """Refuse the value under validation, saying what is allowed instead.

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


def _error(refusal: Refusal) -> PydanticCustomError:
    # The refusal goes beside the message: braces in it would be read as placeholders.
    return PydanticCustomError("refused", "refused", {"refusal": refusal})
