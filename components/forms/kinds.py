"""Settings that are one of several kinds, of which only the kind that is given is imported.

A discriminated union of pydantic's would import and build the models of all kinds at each start of the program.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Annotated, Any, Union, cast, get_args

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from components.forms.base import Placeholder, Refusal, one_of, refuse, refuse_each


@dataclass(frozen=True)
class OneOf:
    """Annotation of a field that is one of several kinds.

    Attributes:
        key: the field of each kind that says which it is.
        models: by the word for the kind, its model as `module:Class`.
        base: what all the models derive from.
    """

    key: str
    models: Mapping[str, str]
    base: type[BaseModel]

    def model(self, word: str) -> type[BaseModel]:
        """The model of a kind, imported if it was not yet."""
        return _imported(self.models[word])

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        every = tuple(self.model(word) for word in self.models)
        union = Annotated[Union[every], Field(discriminator=self.key)]  # pyright: ignore[reportInvalidTypeForm] # noqa: UP007 - of a tuple
        return handler(TypeAdapter(cast("Any", union)).core_schema)

    def __hash__(self) -> int:
        return id(self)

    def _check(self, value: object) -> object:
        if isinstance(value, self.base):
            return value
        if not isinstance(value, Mapping):
            refuse("a mapping of settings")
        word = cast("Mapping[str, object]", value).get(self.key)
        if not isinstance(word, str) or word not in self.models:
            given = Placeholder.NOTHING if word is None else word
            return refuse_each([Refusal((self.key,), given, one_of(list(self.models)))])
        # A union of one: pydantic then names the kind in the paths of errors, as it does for unions of its own.
        return _validator(self.key, word, self.models[word]).validate_python(value, by_alias=True, by_name=False)


def nested_models(field: FieldInfo) -> list[type[BaseModel]]:
    """The models in a field: its own, or those of all kinds that it may be."""
    one_of_them = _one_of(field)
    if one_of_them is not None:
        return [one_of_them.model(word) for word in one_of_them.models]
    return _models_in(field.annotation)


def alternatives(field: FieldInfo) -> dict[str, Callable[[], type[BaseModel]]]:
    """Functions that give the models of a field that is one of several kinds, by the word that says which; empty for
    any other field.
    """
    one_of_them = _one_of(field)
    if one_of_them is not None:
        return {word: partial(one_of_them.model, word) for word in one_of_them.models}
    if not isinstance(field.discriminator, str):
        return {}
    models = {
        get_args(model.model_fields[field.discriminator].annotation)[0]: model for model in _models_in(field.annotation)
    }
    return {word: partial(_same, model) for word, model in models.items()}


def discriminator(field: FieldInfo) -> str | None:
    """Name of the field that says which of several kinds it is; None for any other field."""
    one_of_them = _one_of(field)
    if one_of_them is not None:
        return one_of_them.key
    return field.discriminator if isinstance(field.discriminator, str) else None


def _same(model: type[BaseModel]) -> type[BaseModel]:
    return model


def _one_of(field: FieldInfo) -> OneOf | None:
    return next((part for part in field.metadata if isinstance(part, OneOf)), None)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


@cache
def _imported(path: str) -> type[BaseModel]:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


@cache
def _validator(key: str, word: str, path: str) -> SchemaValidator:
    return SchemaValidator(
        core_schema.tagged_union_schema({word: _imported(path).__pydantic_core_schema__}, discriminator=key)
    )
