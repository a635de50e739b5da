"""Arguments of a provider from the configuration of its package, such as `aws:defaultTags`."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args, get_origin

import pulumi
from pydantic.alias_generators import to_camel

from components.forms.base import Placeholder
from components.forms.mistake import Mistake
from components.forms.near import nearest
from components.forms.report import report
from components.servers.provider_config import ProviderConfig

# Secrets that the packages do not mark as such themselves.
_SECRET = frozenset({"credentials", "external_credentials", "assume_role_with_web_identity"})


def provider_arguments(package: str, args: Callable[..., object], config: ProviderConfig) -> dict[str, Any]:
    """Keyword arguments for the provider of a package, by name.

    Args:
        package: name of the package in the stack file, such as `aws`.
        args: the package's `ProviderArgs`, which declare the keys and their types.
        config: configuration of all packages. Encrypted values stay secrets.

    Raises:
        pulumi.RunError: a key that the package does not know, or a value of another type.
    """
    parameters = inspect.signature(args).parameters
    names = {to_camel(name): name for name in parameters}
    settings: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for key, text in config.of(package).items():
        secret = config.is_secret(package, key)
        value, allowed = (
            _value(text, parameters[names[key]].annotation) if key in names else (None, _nearest(package, key, names))
        )
        if allowed is not None:
            mistakes.append(Mistake((f"{package}:{key}",), Placeholder.SECRET if secret else _shown(text), allowed))
        else:
            settings[names[key]] = pulumi.Output.secret(value) if secret or names[key] in _SECRET else value
    if mistakes:
        raise pulumi.RunError(report(mistakes, stack=pulumi.get_stack()))
    return settings


def _value(text: str, annotation: object) -> tuple[Any, str | None]:
    """The value that a text of the configuration stands for, and what is allowed if it is of another type."""
    # `Input[T]` is a union of T, what may become one, and None.
    wanted = get_args(annotation)[0]
    if wanted is str:
        return text, None
    kind, words = _json_kind(get_origin(wanted) or wanted)
    try:
        value: object = json.loads(text)
    except ValueError:
        return None, words
    right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    return (value, None) if right else (None, words)


def _json_kind(wanted: object) -> tuple[type, str]:
    if wanted is bool:
        return bool, "true or false"
    if wanted is int:
        return int, "a whole number"
    if isinstance(wanted, type) and issubclass(wanted, Sequence):
        return list, "a list"
    return dict, "a mapping"


def _shown(text: str) -> object:
    """The value as the stack file has it, where that is more than text."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, str | float) or (isinstance(value, int) and not isinstance(value, bool)) else value


def _nearest(package: str, key: str, names: Mapping[str, str]) -> str:
    near = nearest(key, names)
    hint = f"did you mean `{package}:{near}`?" if near else f"nothing: pulumi-{package} has no such setting."
    return f"{hint} Known keys: {', '.join(sorted(names))}"
