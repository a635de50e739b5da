"""What every settings model shares: unknown keys are mistakes, keys are camelCase as everywhere in Kubernetes."""

from typing import NoReturn, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Model(BaseModel):
    """Base of all settings: frozen, no unknown keys, camelCase in the stack file and snake_case in Python."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        validate_default=True,
    )


def nested_models(annotation: object) -> list[type[BaseModel]]:
    """The models in a field's annotation: itself, or the alternatives of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in nested_models(inner)]


def refuse(allowed: str, *, key: str | None = None, found: object = None) -> NoReturn:
    """Refuse the value under validation, saying what is allowed instead.

    In a model's own validator, `key` is the path below that model which is at fault, and `found` what it holds.

    Raises:
        PydanticCustomError: always.
    """
    # Braces would be read as placeholders of the message.
    message = allowed.replace("{", "{{").replace("}", "}}")
    context = {"key": key, "found": found} if key is not None else None
    raise PydanticCustomError("refused", message, context)  # pyright: ignore[reportArgumentType]
