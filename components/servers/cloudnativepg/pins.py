"""The versions of CloudNativePG that the program is tested with."""

from components.helm.official import OfficialChart

CLOUDNATIVEPG_CHART = OfficialChart("https://cloudnative-pg.github.io/charts", "cloudnative-pg", "0.27.0")
"""The chart of operator 1.28.0."""
CLOUDNATIVEPG_IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.11-202608170816-system-trixie"
