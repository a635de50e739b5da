"""The versions of Airbyte's chart that the program is tested with."""

from components.helm.official import OfficialChart

AIRBYTE_CHART = OfficialChart(
    "https://airbytehq.github.io/charts", "airbyte", "2.2.0", {1: "https://airbytehq.github.io/helm-charts"}
)
AIRBYTE_TESTED = {1: ("1.2.0", "1.9.2"), 2: ("2.0.5", "2.2.0")}
"""By major version, the first and the last version of the chart that was rendered with the program's values and
compared with the objects that the program creates, for each kind of storage and TLS mode. 1.0 and 1.1 do not render
with an access key for S3, 2.0.0 to 2.0.2 and 2.0.4-1 not with annotations of pods."""
