"""From Pulumi's configuration to a checked `Stack`, or to one message with every mistake in it."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime.config import CONFIG
from pydantic import ValidationError

from settings.report import report
from settings.stack import Stack


def load() -> Stack:
    """Settings of the stack that Pulumi is running.

    Raises:
        pulumi.RunError: the stack file has mistakes; Pulumi prints the message and creates nothing.
    """
    project = pulumi.get_project()
    config = CONFIG.get()
    secret_keys = {key for key in config if pulumi.runtime.is_config_secret(key)}
    try:
        return parse(config, project)
    except ValidationError as error:
        raw = decode(config, project)
        secret = {key.removeprefix(f"{project}:") for key in secret_keys}
        raise pulumi.RunError(
            report(error, raw, stack=pulumi.get_stack(), project=project, secret_keys=secret)
        ) from None


def parse(config: Mapping[str, str], project: str) -> Stack:
    """Check the keys of `project` (`<project>:<key>`, values as Pulumi passes them: text or JSON) against the models.

    Raises:
        pydantic.ValidationError: with every mistake in it.
    """
    return Stack.model_validate(decode(config, project), by_alias=True, by_name=False)


def decode(config: Mapping[str, str], project: str) -> dict[str, Any]:
    """The project's keys without their prefix, and their values as JSON says they are, else as text."""
    prefix = f"{project}:"
    return {key.removeprefix(prefix): _value(text) for key, text in config.items() if key.startswith(prefix)}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    # A bare number may be meant as text (a namespace called 1); only containers and booleans are taken as JSON.
    return cast("Any", value) if isinstance(value, dict | list | bool) else text
