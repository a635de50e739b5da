"""Write the CA certificates of all regions: `python -m components.servers.rds.certificates.renew < bundle.pem`."""

import re
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)
# Root CAs of the current generation, such as `Amazon RDS eu-central-1 Root CA RSA2048 G1`; the generation before it
# ended in 2024, and CAs of previews and betas are left out.
_NAME = re.compile(r"Amazon RDS ([a-z]{2}(?:-[a-z]+)+-[0-9]) Root CA (?:RSA2048|RSA4096|ECC384) G1")


def by_region(bundle: str) -> dict[str, str]:
    """PEM text for each region that the bundle has root CA certificates of, each text in the order of the names."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name, text in _named(bundle):
        if match := _NAME.fullmatch(name):
            regions.setdefault(match[1], []).append((name, text))
    return {region: "".join(text for _, text in sorted(found)) for region, found in regions.items()}


def _named(bundle: str) -> Iterator[tuple[str, str]]:
    for text in _CERTIFICATE.findall(bundle):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=text)
        for certificate in context.get_ca_certs():
            subject = certificate["subject"]
            parts = [part for group in subject for part in group] if isinstance(subject, tuple) else []
            yield next((str(part[1]) for part in parts if part[0] == "commonName"), ""), text


def main() -> None:
    """Replace the files of all regions that the bundle on standard input has."""
    found = by_region(sys.stdin.read())
    for region, text in found.items():
        (Path(__file__).parent / "rds" / f"{region}.pem").write_text(text)
    sys.stdout.write(f"CA certificates of {len(found)} regions are written\n")


if __name__ == "__main__":
    main()
