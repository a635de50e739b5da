"""Affinities of pods: two combined, and a node selector as an affinity."""

from collections.abc import Mapping
from typing import Any, cast


def merged_affinity(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Both affinities combined, as in `spec.affinity` of a pod: the required and the preferred terms of both.

    Node selector terms are alternatives, so each term of one is joined with each term of the other.
    """
    merged = {kind: dict(rules) for kind, rules in ours.items()}
    for kind, rules in theirs.items():
        combined = merged.setdefault(kind, {})
        for strength, terms in rules.items():
            before = combined.get(strength)
            if before is None:
                combined[strength] = terms
            elif isinstance(terms, Mapping):
                combined[strength] = _both(before, cast("Mapping[str, Any]", terms))
            else:
                combined[strength] = [*before, *terms]
    return merged


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    joined = [
        {
            key: [*first.get(key, []), *second.get(key, [])]
            for key in ("matchExpressions", "matchFields")
            if first.get(key) or second.get(key)
        }
        for first in one["nodeSelectorTerms"]
        for second in other["nodeSelectorTerms"]
    ]
    return {"nodeSelectorTerms": joined}


def on_nodes(selector: Mapping[str, str]) -> dict[str, Any]:
    """A node selector as an affinity, for an operator without one; empty for an empty selector."""
    if not selector:
        return {}
    wanted = [{"key": key, "operator": "In", "values": [value]} for key, value in selector.items()]
    terms = {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
