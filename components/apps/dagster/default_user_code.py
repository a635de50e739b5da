"""The user-code servers that Dagster's chart deploys where a stack lists none.

Helm replaces lists: to give each of them an annotation or a volume, the program gives the whole list.
"""

from collections.abc import Mapping, Sequence
from typing import Any

# As `dagster-user-deployments.deployments` is in the values of the charts from 1.4 on; the image's tag is the chart's
# version. Arguments and probe have been written otherwise in early ones, and mean the same.
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
