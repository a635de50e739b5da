"""Values that are text in a stack file and may be outputs in another program, such as the id of a VPC."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pulumi
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    TextInput = pulumi.Input[str]
else:
    # pydantic cannot resolve the name `Output` inside of `pulumi.Input`; `OrOutput` is the actual type of the field.
    TextInput = Any


@dataclass(frozen=True)
class OrOutput:
    """Annotation of a field that accepts any `pulumi.Output`, and checks other values as `form`.

    `Annotated[TextInput, OrOutput(VpcId)]` is a VPC's id in a stack file, and `vpc.id` in a program.

    Attributes:
        form: type of a known value, with its own annotations.
    """

    form: Any

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_output_or_checked, handler.generate_schema(self.form))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema)


def _output_or_checked(value: object, check: Callable[[object], object]) -> object:
    return cast("pulumi.Output[str]", value) if isinstance(value, pulumi.Output) else check(value)


def text(*parts: pulumi.Input[str]) -> pulumi.Input[str]:
    """The parts as one text: a known one if all parts are known, else an output."""
    known = [part for part in parts if isinstance(part, str)]
    return "".join(known) if len(known) == len(parts) else pulumi.Output.concat(*parts)


def known(value: pulumi.Input[str] | None) -> str | None:
    """The value if it is known now, as in a stack file; None for an output or no value."""
    return value if isinstance(value, str) else None
