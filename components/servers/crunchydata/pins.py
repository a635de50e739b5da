"""The version of CrunchyData's operator (PGO) that the program is tested with."""

from components.helm.official import OciChart

PGO_CHART = OciChart("oci://registry.developers.crunchydata.com/crunchydata/pgo", "6.0.3")
"""The operator's chart; chart and CRDs have the operator's version."""
