"""The cluster's CAs, and a certificate for each component, so that RBAC applies to each."""

import base64
import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from sandbox.network import API_SERVICE
from sandbox.paths import PACKAGE, Sandbox
from sandbox.steps import SandboxError, Step

CONFIG = PACKAGE / "cluster" / "openssl.cnf"
DAYS = "3650"
NODE = "lakehouse-sandbox"  # the node's name
API_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
             "kubernetes.default.svc.cluster.local")  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """A certificate: its subject, and the names and addresses of a server (none for a client)."""

    name: str
    subject: str
    serves: tuple[str, ...] = ()
    ca: str = "ca"


def identities(sandbox: Sandbox) -> list[Identity]:
    """Return every certificate of the cluster. Users and groups are those that Kubernetes' own RBAC rules name."""
    api = (*(f"DNS:{name}" for name in API_NAMES), "IP:127.0.0.1", f"IP:{API_SERVICE}", f"IP:{sandbox.address}")
    return [
        Identity("apiserver", "/CN=kube-apiserver", api),
        Identity("apiserver-kubelet-client", "/CN=kube-apiserver"),
        Identity("kubelet-server", f"/O=system:nodes/CN=system:node:{NODE}", (f"DNS:{NODE}", f"IP:{sandbox.address}")),
        Identity("etcd", "/CN=etcd", ("DNS:localhost", "IP:127.0.0.1"), "etcd-ca"),
        Identity("apiserver-etcd-client", "/CN=kube-apiserver", (), "etcd-ca"),
        Identity("front-proxy-client", "/CN=front-proxy-client", (), "front-proxy-ca"),
        Identity("admin", "/O=system:masters/CN=admin"),
        Identity("kubelet", f"/O=system:nodes/CN=system:node:{NODE}"),
        Identity("controller-manager", "/CN=system:kube-controller-manager"),
        Identity("scheduler", "/CN=system:kube-scheduler"),
        Identity("proxy", "/CN=system:kube-proxy"),
        Identity("coredns", "/CN=sandbox:coredns"),
        Identity("volumes", "/CN=sandbox:volumes"),
    ]


CAS = ("ca", "etcd-ca", "front-proxy-ca")
USERS = ("admin", "kubelet", "controller-manager", "scheduler", "proxy", "coredns", "volumes")


def ensure(sandbox: Sandbox, step: Step) -> None:
    """Create the certificates, keys and kubeconfig files that do not exist."""
    folder = sandbox.pki
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    created = [_create_ca(folder, name) for name in CAS]
    created += [_issue(folder, identity) for identity in identities(sandbox)]
    created.append(_key(folder / "service-accounts.key"))
    created.append(_write_once(folder / "encryption.yaml", _encryption()))
    sandbox.config.mkdir(parents=True, exist_ok=True)
    for user in USERS:
        _write_once(sandbox.kubeconfig(user), _kubeconfig(folder, user))
    step.note(f"{sum(created)} certificates and keys created" if any(created) else "unchanged")


def _create_ca(folder: Path, name: str) -> bool:
    certificate = folder / f"{name}.crt"
    if certificate.exists():
        return False
    key = folder / f"{name}.key"
    _key(key)
    _openssl(
        "req", "-x509", "-new", "-key", str(key), "-subj", f"/CN=sandbox-{name}", "-days", DAYS,
        "-config", str(CONFIG), "-extensions", "ca_certificate", "-out", _unfinished(certificate),
    )  # fmt: skip
    Path(_unfinished(certificate)).replace(certificate)
    return True


def _issue(folder: Path, identity: Identity) -> bool:
    certificate = folder / f"{identity.name}.crt"
    if certificate.exists():
        return False
    key, request = folder / f"{identity.name}.key", folder / f"{identity.name}.csr"
    _key(key)
    _openssl(
        "req", "-new", "-key", str(key), "-subj", identity.subject, "-config", str(CONFIG), "-out", str(request)
    )  # fmt: skip
    _openssl(
        "x509", "-req", "-in", str(request), "-days", DAYS, "-set_serial", str(secrets.randbits(63)),
        "-CA", str(folder / f"{identity.ca}.crt"), "-CAkey", str(folder / f"{identity.ca}.key"),
        "-extfile", str(CONFIG), "-extensions", "server" if identity.serves else "client",
        "-out", _unfinished(certificate), names=",".join(identity.serves),
    )  # fmt: skip
    request.unlink()
    Path(_unfinished(certificate)).replace(certificate)
    return True


def _key(path: Path) -> bool:
    if path.exists():
        return False
    _write_once(path, _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"))
    return True


def _encryption() -> str:
    key = {"name": "key1", "secret": base64.b64encode(secrets.token_bytes(32)).decode()}
    return yaml.safe_dump(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": [{"secretbox": {"keys": [key]}}, {"identity": {}}]}],
        }
    )


def _kubeconfig(folder: Path, user: str) -> str:
    cluster = {"server": "https://127.0.0.1:6443", "certificate-authority": str(folder / "ca.crt")}
    credentials = {"client-certificate": str(folder / f"{user}.crt"), "client-key": str(folder / f"{user}.key")}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": cluster}],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user}}],
            "current-context": "sandbox",
        }
    )


def _write_once(path: Path, text: str) -> bool:
    if path.exists():
        return False
    descriptor = os.open(_unfinished(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    Path(_unfinished(path)).replace(path)
    return True


def _unfinished(path: Path) -> str:
    return f"{path}.tmp"


def _openssl(*arguments: str, names: str = "") -> str:
    env = {**os.environ, "NAMES": names}
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        msg = f"openssl {arguments[0]} failed:\n{done.stderr}"
        raise SandboxError(msg)
    return done.stdout
