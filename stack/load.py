"""From Pulumi's configuration to a checked `Stack`, or to one message with every mistake in it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

import pulumi
from pulumi.runtime.config import CONFIG

from components.forms.base import Found
from components.forms.near import nearest
from components.forms.report import report
from components.platform.settings import Stack
from components.servers.provider_config import ProviderConfig, contradictions
from stack.check import Mistakes, check
from stack.mistakes import Mistake

SECRET_SETTINGS = ("adminPassword", "airbytePassword", "dagsterPassword")
"""The settings that hold a secret."""


def load() -> Stack:
    """Settings of the stack that Pulumi is running.

    Raises:
        pulumi.RunError: the stack file has mistakes; Pulumi prints the message and creates nothing.
    """
    project = pulumi.get_project()
    config = CONFIG.get()
    secret_keys = {key for key in config if pulumi.runtime.is_config_secret(key)}
    try:
        return parse(config, project, secret_keys)
    except Mistakes as error:
        raise pulumi.RunError(report(error.mistakes, stack=pulumi.get_stack())) from None


def parse(config: Mapping[str, str], project: str, secret_keys: Collection[str] = ()) -> Stack:
    """Check the keys of `project` against the models.

    Args:
        config: by `<project>:<key>`, values as Pulumi passes them: text or JSON; other packages' keys among them.
        project: name of the project.
        secret_keys: those of `config` that hold something encrypted.

    Raises:
        Mistakes: every mistake there is.
    """
    stack: Stack | None = None
    found = [*_not_ours(config, project), *_encrypted(config, project, secret_keys)]
    try:
        stack = check(decode(config, project))
    except Mistakes as error:
        found += [_in_the_file(mistake, project, secret_keys) for mistake in error.mistakes]
    else:
        found += contradictions(ProviderConfig(config, frozenset(secret_keys)), stack)
    if stack is None or found:
        raise Mistakes(found)
    return stack


def decode(config: Mapping[str, str], project: str) -> dict[str, Any]:
    """The project's keys without their prefix, and their values as JSON says they are, else as text."""
    prefix = f"{project}:"
    ours = {key.removeprefix(prefix): text for key, text in config.items() if key.startswith(prefix)}
    return {key: text if key in SECRET_SETTINGS else _value(text) for key, text in ours.items()}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    # A bare number may be meant as text (a namespace called 1); everything else that is JSON is taken as such.
    return text if isinstance(value, int | float | str) and not isinstance(value, bool) else cast("Any", value)


def _not_ours(config: Mapping[str, str], project: str) -> list[Mistake]:
    """Keys whose prefix is a misspelt project: Pulumi would pass them to nobody."""
    parts = {key: key.partition(":") for key in config}
    return [
        Mistake((key,), _value(config[key]), f"did you mean `{project}:{name}`?")
        for key, (package, _, name) in parts.items()
        if package != project and nearest(package, [project])
    ]


def _encrypted(config: Mapping[str, str], project: str, secret_keys: Collection[str]) -> list[Mistake]:
    """Settings are no secrets: what they hold is readable in the state, in previews and in the Helm releases. A few
    are, and must never stand in the file in clear.
    """
    secrets = {f"{project}:{name}": name for name in SECRET_SETTINGS}
    found = [
        Mistake((key,), Found.SECRET, "nothing encrypted; put it into a Kubernetes Secret, and that Secret's name here")
        for key in secret_keys
        if key.startswith(f"{project}:") and key not in secrets
    ]
    for secret, name in secrets.items():
        if config.get(secret) and secret not in secret_keys:
            allowed = f"an encrypted value: pulumi config set --secret {name}"
            found.append(Mistake((secret,), Found.SECRET, allowed))
    return found


def _in_the_file(mistake: Mistake, project: str, secret_keys: Collection[str]) -> Mistake:
    key = f"{project}:{mistake.path[0]}"
    found = Found.SECRET if key in secret_keys else mistake.found
    return replace(mistake, path=(key, *mistake.path[1:]), found=found)
