"""Descriptions of settings: the docstrings below the models' fields."""

import ast
import functools
import inspect
from collections.abc import Mapping
from itertools import pairwise

from pydantic import BaseModel


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Texts of a model's fields and of those that it inherits, by field name.

    Pydantic can do this itself, but then reads the source of every model at each start of the program.
    """
    texts: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            texts |= _below_fields(kind)
    return texts


@functools.cache
def _below_fields(model: type[BaseModel]) -> Mapping[str, str]:
    # Once for each model: schema and tables are several, and most models extend others.
    (definition,) = ast.parse(inspect.getsource(model)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }
