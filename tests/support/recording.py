"""Runs Pulumi code on mocks and records every resource that it registers, with secrets marked as such."""

import asyncio
import base64
import contextvars
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks, set_all_config
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func

from tests.support import clouds
from tests.support.crunchydata import existing_secret

GENERATED = "generated-by-the-mock"
RANDOM_HEX = "c0de"
"""What every generated id is."""
SECRET = "[secret]"
RELEASE_STATUS = "deployed"
"""Status of each release."""


@dataclass(frozen=True)
class Recorded:
    """One registration of a resource, as the engine receives it.

    Attributes:
        inputs: its inputs with every secret masked.
        raw: its inputs as they are sent, with Pulumi's secret markers.
        depends_on: URNs of its dependencies, by option or by input.
        property_needs: URNs of its dependencies by input, for each input.
        provider: reference (`<urn>::<id>`) of an explicit provider.
        options: resource options that are not the default; `read` is the id of an existing resource that is only read.
    """

    type: str
    name: str
    urn: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    raw: dict[str, Any]
    depends_on: tuple[str, ...]
    property_needs: dict[str, set[str]]
    provider: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def pod(self) -> dict[str, Any]:
        """Its pod template."""
        return self.inputs["spec"]["template"]


class _Provider(mocks.Mocks):
    """Responds like the providers: generated passwords are secret, and outputs of clouds are unknown in a preview."""

    def __init__(self, *, preview: bool) -> None:
        super().__init__()
        self.preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        state = dict(args.inputs)
        if args.typ == "random:index/randomPassword:RandomPassword":
            state["result"] = pulumi.Output.secret(f"{GENERATED}-{args.name}")
        if args.typ == "kubernetes:helm.sh/v3:Release":
            state["status"] = {"status": RELEASE_STATUS}
        if args.typ == "random:index/randomId:RandomId":
            state["hex"] = RANDOM_HEX
        if args.typ == "kubernetes:core/v1:Secret" and args.resource_id:
            state["data"] = pulumi.Output.secret(_existing_secret(args.resource_id))
        if not self.preview:
            state |= clouds.reported(args.typ, state)
        return f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return clouds.looked_up(args.token, dict(args.args))


def _existing_secret(place: str) -> dict[str, str]:
    """The data of an operator's Secret; if it is not CrunchyData's, a CA certificate and its key."""
    if data := existing_secret(place, GENERATED):
        return data
    keys = {"ca.crt": f"certificate-of-{place}", "ca.key": f"{GENERATED}-key"}
    return {name: base64.b64encode(text.encode()).decode() for name, text in keys.items()}


class _Monitor(mocks.MockMonitor):
    def __init__(self, *, preview: bool) -> None:
        super().__init__(_Provider(preview=preview))
        self.recorded: list[Recorded] = []
        self.outputs: dict[str, Any] = {}
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        response = super().RegisterResource(request)
        raw = MessageToDict(request.object)
        with self._lock:
            self.recorded.append(
                Recorded(
                    type=request.type,
                    name=request.name,
                    urn=response.urn,
                    parent=request.parent,
                    custom=request.custom,
                    inputs=mask(raw),
                    raw=raw,
                    depends_on=tuple(sorted(request.dependencies)),
                    property_needs={name: set(needed.urns) for name, needed in request.propertyDependencies.items()},
                    provider=request.provider,
                    options=_options(request),
                )
            )
        return response

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Records a resource that is read: no inputs, and the id in its options."""
        response = super().ReadResource(request)
        with self._lock:
            self.recorded.append(
                Recorded(
                    type=request.type,
                    name=request.name,
                    urn=response.urn,
                    parent=request.parent,
                    custom=True,
                    inputs={},
                    raw={},
                    depends_on=tuple(sorted(request.dependencies)),
                    property_needs={},
                    provider=request.provider,
                    options={"read": request.id},
                )
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        # URNs of its children have its type before their own.
        if "::pulumi:pulumi:Stack::" in request.urn:
            self.outputs = MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)


class _Callbacks:
    """Replaces the server for the engine's calls of hooks, which Pulumi's mocks do not have."""

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        """Does nothing: the hook is not called, and has tests of its own."""

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        """As for error hooks."""


def _options(request: Any) -> dict[str, Any]:
    timeouts = {name: getattr(request.customTimeouts, name) for name in ("create", "update", "delete")}
    options = {
        "aliases": [alias.spec.name for alias in request.aliases],
        "customTimeouts": {name: value for name, value in timeouts.items() if value},
        "deleteBeforeReplace": request.deleteBeforeReplace,
        "hooks": [*request.hooks.before_update, *request.hooks.on_error],
        "ignoreChanges": list(request.ignoreChanges),
        "import": request.importId,
        "protect": request.protect,
        "replaceOnChanges": list(request.replaceOnChanges),
        "replaceWith": sorted(request.replace_with),
        "retainOnDelete": request.retainOnDelete,
    }
    return {name: value for name, value in options.items() if value}


def reveal(value: Any) -> Any:
    """The raw value with every secret in plain text."""
    if isinstance(value, dict):
        if value.get(_special_sig_key) == _special_secret_sig:
            return reveal(value["value"])
        return {key: reveal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [reveal(inner) for inner in value]
    return value


def values(secret: Recorded) -> dict[str, str]:
    """Values of a Kubernetes Secret, as text."""
    return {key: base64.b64decode(value, validate=True).decode() for key, value in reveal(secret.raw["data"]).items()}


def mask(value: Any) -> Any:
    """The value with every secret in it replaced by `[secret]`, and whole floats as integers."""
    if isinstance(value, dict):
        if value.get(_special_sig_key) == _special_secret_sig:
            return SECRET
        return {key: mask(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


@dataclass(frozen=True)
class Plan:
    """All that a run registered."""

    resources: list[Recorded]
    outputs: dict[str, Any]

    def one(self, type_: str, name: str) -> Recorded:
        """The resource of that type and name.

        Raises:
            LookupError: there is none, or more than one.
        """
        matches = [r for r in self.resources if r.type == type_ and r.name == name]
        if len(matches) != 1:
            raise LookupError(f"{type_} {name}: {len(matches)} of {[(r.type, r.name) for r in self.resources]}")
        return matches[0]

    def of_type(self, type_: str) -> list[Recorded]:
        """All resources of that type."""
        return [r for r in self.resources if r.type == type_]

    def needs(self, resource: Recorded) -> set[str]:
        """URNs of all resources that are created before `resource`: dependencies, parents, provider."""
        by_urn = {r.urn: r for r in self.resources}
        needed: set[str] = set()
        waiting = [resource.urn]
        while waiting:
            r = by_urn[waiting.pop()]
            direct = {*r.depends_on, r.parent, r.provider.rpartition("::")[0]} & by_urn.keys()
            waiting += direct - needed
            needed |= direct
        return needed


def record(
    program: Callable[[], None],
    *,
    config: Mapping[str, str] | None = None,
    stack: str = "test",
    secret_keys: tuple[str, ...] = (),
    preview: bool = False,
) -> Plan:
    """Run `program` as Pulumi would, on mocks.

    Args:
        program: registers resources and exports outputs.
        config: configuration as Pulumi passes it, keys with the project's prefix.
        stack: name of the stack.
        secret_keys: keys with encrypted values.
        preview: whether it is a first preview, in which outputs of clouds are unknown.
    """
    # As Pulumi's own host does: if a program fails, asyncio would log all tasks that waited for the failed one.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    monitor = _Monitor(preview=preview)

    async def run() -> None:
        set_all_config(dict(config or {}), list(secret_keys))
        mocks.set_mocks(_Provider(preview=preview), project="lakehouse", stack=stack, preview=preview, monitor=monitor)
        SETTINGS.callbacks = cast("Any", _Callbacks())
        await run_pulumi_func(lambda: _run_and_export(program))

    # A context of its own: Pulumi stores its settings in context variables.
    contextvars.Context().run(asyncio.run, run())
    return Plan(monitor.recorded, monitor.outputs)


def _run_and_export(program: Callable[[], None]) -> None:
    root = pulumi.runtime.get_root_resource()
    assert root is not None, "mocks are not set"
    program()
    root.register_outputs(root.outputs)
