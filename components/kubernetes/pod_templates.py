"""The settings of every pod, added to a pod template."""

import copy
from collections.abc import Mapping
from typing import Any, cast

from components.forms.images import DEFAULT_IMAGES
from components.kubernetes.affinity import merged_affinity
from components.kubernetes.images import mirrored
from components.kubernetes.pods import Id, Pods


def with_pod_settings(template: Any, pods: Pods, *, ends: bool) -> Any:
    """A template with the settings of every pod. The template's own labels, annotations and nodes take precedence.

    Args:
        template: `PodTemplateSpecArgs`, or the same as a mapping with keys in snake_case.
        pods: settings of every pod.
        ends: whether its pods run to completion, as those of a Job.
    """
    metadata, spec = part_of(template, "metadata"), part_of(template, "spec")
    labels, annotations = pods.labels_of(ends=ends), pods.annotations_of(ends=ends)
    if labels:
        metadata = changed(metadata, labels={**labels, **(part_of(metadata, "labels") or {})})
    if annotations:
        metadata = changed(metadata, annotations={**annotations, **(part_of(metadata, "annotations") or {})})
    return changed(template, metadata=metadata, spec=_spec(spec, pods))


def _spec(spec: Any, pods: Pods) -> Any:
    changes: dict[str, Any] = {}
    if pods.image_pull_secrets:
        changes["image_pull_secrets"] = [*(part_of(spec, "image_pull_secrets") or []), *pods.pull_secrets]
    if pods.tolerations:
        changes["tolerations"] = [*(part_of(spec, "tolerations") or []), *pods.toleration_specs]
    if pods.node_selector:
        changes["node_selector"] = {**pods.node_selector, **(part_of(spec, "node_selector") or {})}
    if pods.affinity:
        changes["affinity"] = merged_affinity(part_of(spec, "affinity") or {}, pods.affinity)
    if pods.priority_class_name is not None:
        changes["priority_class_name"] = pods.priority_class_name
    ids = {"run_as_user": pods.run_as_user, "run_as_group": pods.group, "fs_group": pods.volumes_group}
    if given := {name: value for name, value in ids.items() if value != "image"}:
        changes["security_context"] = changed(
            part_of(spec, "security_context"), **{name: _number(value) for name, value in given.items()}
        )
    if pods.registry is not None:
        for name in ("init_containers", "containers"):
            if containers := part_of(spec, name):
                changes[name] = [
                    changed(container, image=mirrored(image, pods.registry)) if image in DEFAULT_IMAGES else container
                    for container in containers
                    for image in [part_of(container, "image")]
                ]
    return changed(spec, **changes)


def _number(wanted: Id) -> int | None:
    return wanted if isinstance(wanted, int) else None


def part_of(part: Any, name: str) -> Any:
    """A part of an input, which is an `…Args` object, a mapping with keys in snake_case, or None."""
    if part is None:
        return None
    return cast("Mapping[str, Any]", part).get(name) if isinstance(part, Mapping) else getattr(part, name)


def changed(part: Any, **changes: Any) -> Any:
    """A copy of an input with some parts replaced; see `part_of`."""
    if isinstance(part, Mapping) or part is None:
        return {**cast("Mapping[str, Any]", part or {}), **changes}
    copied = copy.copy(part)
    for name, value in changes.items():
        setattr(copied, name, value)
    return copied
