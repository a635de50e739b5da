"""Kubernetes Secrets, made so that a preview shows which of their values change."""

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

    They are given as `data`, not as `stringData`: the API server moves the one into the other, so that a preview that
    does not know a new password yet would show `data` as removed and `stringData` as added.
    """
    data = {key: pulumi.Output.secret(value).apply(_in_base64) for key, value in values.items()}

    def key_by_key(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        # The SDK makes one secret of all values: one that is unknown would make all of them unknown.
        return pulumi.ResourceTransformationResult({**args.props, "data": data}, args.opts)

    return k8s.core.v1.Secret(
        name,
        metadata=metadata,
        type=type_,
        data=data,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[key_by_key])),
    )


def by_key(values: pulumi.Output[dict[str, str]], keys: Iterable[str]) -> dict[str, pulumi.Output[str]]:
    """Values of a mapping that becomes known later."""

    def value(key: str) -> pulumi.Output[str]:
        return values.apply(lambda known: known[key])

    return {key: value(key) for key in keys}


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
