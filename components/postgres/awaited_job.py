"""Jobs that `pulumi up` waits for."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.batch.v1 import JobSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict


def awaited_job(
    name: str,
    metadata: ObjectMetaArgsDict,
    spec: JobSpecArgs,
    *,
    timeout: str | None,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource],
    replace_with: Sequence[pulumi.Resource] = (),
) -> None:
    """A Job that runs again when its spec changes.

    Args:
        name: name of the resource.
        metadata: its metadata without annotations.
        spec: its spec.
        timeout: how long Pulumi waits for it, such as `360s`; None for the provider's own ten minutes.
        parent: the component that it belongs to.
        depends_on: what it needs.
        replace_with: resources with which it runs again.
    """
    k8s.batch.v1.Job(
        name,
        # A failed Job stays failed: the next `pulumi up` replaces it although nothing has changed in it.
        metadata={**metadata, "annotations": {"pulumi.com/replaceUnready": "true"}},
        spec=spec,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            replace_with=list(replace_with),
            delete_before_replace=True,
            custom_timeouts=None if timeout is None else pulumi.CustomTimeouts(create=timeout),
        ),
    )
