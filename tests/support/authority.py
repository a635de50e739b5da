"""A certificate authority for tests, and the certificate of a server at an address."""

import os
import subprocess
from pathlib import Path

from tests.support.postgres import UID, DatabaseServer

SETTINGS = {"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
"""PostgreSQL's settings for what `certify` writes."""


def certify(server: DatabaseServer, address: str) -> str:
    """Write a key and a certificate for an IP address into a server's data folder; return their authority's, PEM."""
    work = server.root.path / f"authority-{server.name}"
    work.mkdir()
    key = ["-newkey", "rsa:2048", "-nodes"]
    authority = ["-subj", f"/CN=authority of {server.name}", "-keyout", "ca.key", "-out", "ca.crt"]
    _openssl(work, "req", "-x509", *key, "-days", "30", *authority)
    _openssl(work, "req", *key, "-subj", f"/CN={server.name}", "-keyout", "server.key", "-out", "server.csr")
    (work / "names").write_text(f"subjectAltName = IP:{address}\n")
    signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "30"]
    _openssl(work, "x509", "-req", "-in", "server.csr", *signer, "-out", "server.crt")
    for name in ("server.key", "server.crt"):
        (work / name).replace(server.folder / name)
        (server.folder / name).chmod(0o600)
        os.chown(server.folder / name, UID, UID)
    return (work / "ca.crt").read_text()


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
