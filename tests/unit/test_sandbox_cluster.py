import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import cluster, host, pki
from sandbox.paths import Sandbox
from sandbox.steps import Step


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr("sandbox.paths.STATES", tmp_path / "states")
    return Sandbox.of(tmp_path)


@pytest.fixture
def written(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(host, "unpacked", lambda _: Path("/debian"))
    cluster.configure(sandbox)
    return sandbox.config


def verified(folder: Path, ca: str, name: str, purpose: str) -> bool:
    """Check as strictly as Python 3.13 and newer do."""
    signer, certificate = folder / f"{ca}.crt", folder / f"{name}.crt"
    command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", signer, certificate]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_certificates_are_whole_private_and_made_once(sandbox: Sandbox, tmp_path: Path) -> None:
    step = Step("certificates", tmp_path / "log")
    pki.ensure(sandbox, step)
    for identity in pki.identities(sandbox):
        purpose = "sslserver" if identity.serves else "sslclient"
        assert verified(sandbox.pki, identity.ca, identity.name, purpose), identity
    for file in sandbox.pki.iterdir():
        assert not file.name.endswith((".tmp", ".csr"))
        if file.suffix in {".key", ".yaml"}:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = {file: file.read_bytes() for file in sandbox.pki.iterdir()}
    pki.ensure(sandbox, step)
    assert {file: file.read_bytes() for file in sandbox.pki.iterdir()} == before
    assert step.result == "unchanged"


def test_etcd_takes_no_certificate_of_the_cluster(sandbox: Sandbox, tmp_path: Path) -> None:
    pki.ensure(sandbox, Step("certificates", tmp_path / "log"))
    assert verified(sandbox.pki, "etcd-ca", "apiserver-etcd-client", "sslclient")
    assert not verified(sandbox.pki, "etcd-ca", "kubelet", "sslclient")


def test_what_an_interrupted_run_left_out_is_made(sandbox: Sandbox, tmp_path: Path) -> None:
    step = Step("certificates", tmp_path / "log")
    pki.ensure(sandbox, step)
    (sandbox.pki / "kubelet.crt").unlink()
    (sandbox.pki / "kubelet.crt.tmp").write_text("half")
    pki.ensure(sandbox, step)
    assert verified(sandbox.pki, "ca", "kubelet", "sslclient")


def test_configuration_is_well_formed(written: Path) -> None:
    assert tomllib.loads((written / "containerd.toml").read_text())["version"] == 2
    for file in [*written.glob("*.yaml"), *written.glob("manifests/*.yaml"), written / "cni" / "10-bridge.conflist"]:
        assert all(isinstance(document, dict) for document in yaml.safe_load_all(file.read_text())), file


def test_images_are_never_thrown_away(written: Path) -> None:
    kubelet: dict[str, Any] = yaml.safe_load((written / "kubelet.yaml").read_text())
    assert kubelet["imageGCHighThresholdPercent"] == 100


def test_claims_may_grow_and_the_class_is_the_default(written: Path) -> None:
    storage: dict[str, Any] = yaml.safe_load((written / "manifests" / "storage.yaml").read_text())
    assert storage["allowVolumeExpansion"] is True
    assert storage["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"


def test_dns_forwards_nothing(written: Path) -> None:
    text = (written / "Corefile").read_text()
    assert "forward" not in [line.split()[0] for line in text.splitlines() if line.strip()]
