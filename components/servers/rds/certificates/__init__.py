"""Certificates of the authorities that sign the certificates of Amazon RDS: public, one file a region.

README.md beside this file says where they are from and how to renew them.
"""

from pathlib import Path

_RDS = Path(__file__).parent / "rds"


def rds_regions() -> list[str]:
    """Regions whose authorities are here, sorted."""
    return sorted(file.stem for file in _RDS.glob("*.pem"))


def rds_authorities(region: str) -> str | None:
    """PEM text of a region's authorities, one for each kind of key; None if they are not here."""
    file = _RDS / f"{region}.pem"
    return file.read_text() if file.exists() else None
