"""From Pulumi's configuration to a checked `Stack`, or to one message with all mistakes."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

import pulumi
from pulumi.runtime.config import CONFIG

from components.forms.base import Placeholder
from components.forms.mistake import Mistake
from components.forms.near import nearest
from components.forms.report import report
from components.platform.settings import Stack
from components.servers.provider_config import ProviderConfig, contradictions
from stack.check import Mistakes, check

SECRET_SETTINGS = (
    "adminPassword",
    "airbytePassword",
    "dagsterPassword",
    "airbyteBackupKey",
    "dagsterBackupKey",
)
"""The settings with a secret value."""


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
        config: by `<project>:<key>`, values as Pulumi passes them: text or JSON; it contains other packages' keys, too.
        project: name of the project.
        secret_keys: those of `config` with an encrypted value.

    Raises:
        Mistakes: all mistakes.
    """
    stack: Stack | None = None
    mistakes = [*_misspelt_projects(config, project), *_encrypted(config, project, secret_keys)]
    try:
        stack = check(decode(config, project))
    except Mistakes as error:
        mistakes += [_in_the_file(mistake, project, secret_keys) for mistake in error.mistakes]
    else:
        mistakes += contradictions(
            ProviderConfig(config, frozenset(secret_keys)), [server.provider_settings for server in stack.servers]
        )
    if stack is None or mistakes:
        raise Mistakes(mistakes)
    return stack


def decode(config: Mapping[str, str], project: str) -> dict[str, Any]:
    """The project's keys without their prefix, with their values decoded from JSON, or as text."""
    prefix = f"{project}:"
    ours = {key.removeprefix(prefix): text for key, text in config.items() if key.startswith(prefix)}
    return {key: text if key in SECRET_SETTINGS else _value(text) for key, text in ours.items()}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    # A bare number may be meant as text (a namespace called 1); other JSON values are decoded.
    return text if isinstance(value, int | float | str) and not isinstance(value, bool) else cast("Any", value)


def _misspelt_projects(config: Mapping[str, str], project: str) -> list[Mistake]:
    """Keys with a misspelt project as their prefix, which no package would read."""
    parts = {key: key.partition(":") for key in config}
    return [
        Mistake((key,), _value(config[key]), f"did you mean `{project}:{name}`?")
        for key, (package, _, name) in parts.items()
        if package != project and nearest(package, [project])
    ]


def _encrypted(config: Mapping[str, str], project: str, secret_keys: Collection[str]) -> list[Mistake]:
    """Encrypted values of settings that are not secret, since state, previews and Helm releases show them; and secret
    settings that are not encrypted.
    """
    secrets = {f"{project}:{name}": name for name in SECRET_SETTINGS}
    mistakes = [
        Mistake(
            (key,),
            Placeholder.SECRET,
            "nothing encrypted; put it into a Kubernetes Secret, and that Secret's name here",
        )
        for key in secret_keys
        if key.startswith(f"{project}:") and key not in secrets
    ]
    for secret, name in secrets.items():
        if config.get(secret) and secret not in secret_keys:
            allowed = f"an encrypted value: pulumi config set --secret {name}"
            mistakes.append(Mistake((secret,), Placeholder.SECRET, allowed))
    return mistakes


def _in_the_file(mistake: Mistake, project: str, secret_keys: Collection[str]) -> Mistake:
    key = f"{project}:{mistake.path[0]}"
    found = Placeholder.SECRET if key in secret_keys else mistake.found
    return replace(mistake, path=(key, *mistake.path[1:]), found=found)
