"""Amazon's root CA certificates, with which RDS signs the certificates of its servers: public, one file a region.

README.md beside this file says where they are from and how to renew them.
"""

from pathlib import Path

_RDS = Path(__file__).parent / "rds"


def rds_regions() -> list[str]:
    """Regions whose CA certificates the program has, sorted."""
    return sorted(file.stem for file in _RDS.glob("*.pem"))


def rds_ca_certificates(region: str) -> str | None:
    """A region's root CA certificates, one for each kind of key, as PEM text; None for a region without a file."""
    file = _RDS / f"{region}.pem"
    return file.read_text() if file.exists() else None
