"""The user-code servers that Dagster's chart deploys if a stack lists none.

Helm replaces lists: to add an annotation or a volume to each of them, the program sets the whole list.
"""

from collections.abc import Mapping, Sequence
from typing import Any

# `dagster-user-deployments.deployments` in the values of the charts from 1.4 on; the image's tag is the chart's
# version. Early charts write arguments and probe in another way, with the same effect.
OFFICIAL: Sequence[Mapping[str, Any]] = (
    {
        "name": "k8s-example-user-code-1",
        "image": {"repository": "docker.io/dagster/user-code-example", "pullPolicy": "Always"},
        "dagsterApiGrpcArgs": ["--python-file", "/example_project/example_repo/repo.py"],
        "port": 3030,
        "includeConfigInLaunchedRuns": {"enabled": True},
        "readinessProbe": {
            "enabled": True,
            "periodSeconds": 20,
            "timeoutSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 1,
        },
    },
)
"""The list of the official chart."""
