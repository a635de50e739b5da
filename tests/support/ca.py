"""A CA that signs certificates for servers of tests."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]


@dataclass(frozen=True)
class CertificateAuthority:
    """A key and its own certificate, in a folder that the test gives.

    Attributes:
        folder: where they are; nothing else is written there.
    """

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "CertificateAuthority":
        """Create a new one, named after the folder."""
        folder.mkdir()
        ca = cls(folder)
        _openssl("req", "-x509", *_KEY, "-subj", f"/CN={folder.name}", "-keyout", ca._key, "-out", ca.certificate)
        return ca

    @property
    def certificate(self) -> Path:
        """Its certificate, PEM."""
        return self.folder / "ca.crt"

    @property
    def _key(self) -> Path:
        return self.folder / "ca.key"

    def issue(self, folder: Path, *names: str) -> tuple[Path, Path]:
        """Write `server.crt` and `server.key` for these names, such as `DNS:localhost` or `IP:127.0.0.1`."""
        certificate, key = folder / "server.crt", folder / "server.key"
        by = ["-CA", self.certificate, "-CAkey", self._key]
        alternatives = f"subjectAltName={','.join(names)}"
        _openssl("req", "-x509", *_KEY, *by, "-subj", "/CN=server", "-addext", alternatives,
                 "-keyout", key, "-out", certificate)  # fmt: skip
        return certificate, key


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
