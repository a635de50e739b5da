"""PostgreSQL settings as the clouds take them: text, numbers without a unit."""

from collections.abc import Callable, Mapping

from components.forms.base import Refusal, refuse_each
from components.forms.parameters import ParameterValue, ProtectedParameters
from components.forms.postgresql_settings import NotAllowed, in_base_unit

_PROTECTED = (
    "fsync",
    "full_page_writes",
    "password_encryption",
    "port",
    "ssl",
    "synchronous_commit",
)


def protected(*further: str) -> ProtectedParameters:
    """The settings that a stack file may not set on any cloud, and further ones of one cloud."""
    names = tuple(sorted((*_PROTECTED, *further)))
    return ProtectedParameters(
        names, f"any PostgreSQL setting but those that durability and access depend on: {', '.join(names)}"
    )


def in_base_units(
    parameters: Mapping[str, ParameterValue], *, unchanged: Callable[[ParameterValue], bool] = lambda _: False
) -> dict[str, ParameterValue]:
    """Settings with numbers of each setting's own unit, such as 65536 for `work_mem: 64MB`.

    Args:
        parameters: settings by name.
        unchanged: which values are passed on as they are.

    Raises:
        ValidationError: values that the settings cannot have, all in one error.
    """
    converted: dict[str, ParameterValue] = {}
    refused: list[Refusal] = []
    for name, given in parameters.items():
        try:
            converted[name] = given if unchanged(given) else in_base_unit(name, given)
        except NotAllowed as error:
            refused.append(Refusal((name,), given, str(error)))
    refuse_each(refused)
    return converted


def as_text(parameters: Mapping[str, ParameterValue], *, true: str, false: str) -> dict[str, str]:
    """Settings as text, sorted by name, with a cloud's own words for what YAML reads as a boolean."""
    return {
        name: (true if value else false) if isinstance(value, bool) else str(value)
        for name, value in sorted(parameters.items())
    }
