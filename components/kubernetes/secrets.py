"""Kubernetes Secrets, created so that a preview shows which of their values change."""

import base64
from collections.abc import Iterable, Mapping

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict


def secret(
    name: str,
    metadata: ObjectMetaArgsDict,
    values: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    type_: str | None = None,
) -> k8s.core.v1.Secret:
    """A Secret of text values.

    The values are in `data`, not in `stringData`, which the API server converts to `data`: with a new password that is
    not known yet, a preview would show `data` as removed and `stringData` as added.
    """
    data = {key: pulumi.Output.secret(value).apply(_in_base64) for key, value in values.items()}

    def key_by_key(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        # The SDK turns the whole mapping into one secret: with one unknown value, all of them would be unknown.
        return pulumi.ResourceTransformationResult({**args.props, "data": data}, args.opts)

    return k8s.core.v1.Secret(
        name,
        metadata=metadata,
        type=type_,
        data=data,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[key_by_key])),
    )


def by_key(values: pulumi.Output[dict[str, str]], keys: Iterable[str]) -> dict[str, pulumi.Output[str]]:
    """The values of a mapping that is not known yet."""

    def value(key: str) -> pulumi.Output[str]:
        return values.apply(lambda known: known[key])

    return {key: value(key) for key in keys}


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
