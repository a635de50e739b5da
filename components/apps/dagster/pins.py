"""The versions of Dagster's chart that the program is tested with."""

from components.helm.official import OfficialChart

DAGSTER_CHART = OfficialChart("https://dagster-io.github.io/helm", "dagster", "1.13.27")
DAGSTER_OLDEST = (1, 4, 0)
"""The first version of the chart with `dagsterWebserver`, its present name (the chart's `_backcompat.tpl`)."""
