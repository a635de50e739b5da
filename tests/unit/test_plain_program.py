"""The plain program that the dev stack's preview is measured against registers the same resources."""

import runpy
from typing import Any

from tests.bench.preview import PLAIN, dev_settings
from tests.support.manifests import plain
from tests.support.recording import Plan, Recorded, record
from tests.support.stacks import as_text, plan_program


def test_the_plain_program_registers_the_resources_of_the_dev_stack() -> None:
    ours = plan_program({key: as_text(value) for key, value in dev_settings().items()}, "test")
    by_hand = record(lambda: runpy.run_path(str(PLAIN / "__main__.py"), run_name="__main__"))
    assert len(_resources(ours)) > 20
    assert _resources(by_hand) == _resources(ours)


def _resources(plan: Plan) -> dict[tuple[str, str], tuple[Any, dict[str, Any]]]:
    """Inputs and options of each resource of a provider, by its type and name."""
    return {(r.type, r.name): (_given(plain(r.raw)), _options(r)) for r in plan.resources if r.custom}


def _options(resource: Recorded) -> dict[str, Any]:
    """Its options without the hooks, which only the components have. URNs have the components' types in them."""
    options = {name: value for name, value in resource.options.items() if name != "hooks"}
    if "replaceWith" in options:
        options["replaceWith"] = [urn.rpartition("::")[2] for urn in options["replaceWith"]]
    return options


def _given(value: Any) -> Any:
    """The value without the keys that have none."""
    if isinstance(value, dict):
        return {key: _given(inner) for key, inner in value.items() if inner is not None}
    return [_given(inner) for inner in value] if isinstance(value, list) else value
