"""The node's programs, with their arguments."""

from dataclasses import dataclass, field
from pathlib import Path

from sandbox import host, network, pki
from sandbox.gotools import GoTools
from sandbox.paths import Sandbox


@dataclass(frozen=True)
class Daemon:
    """A process of the node: it is started again when its command, or a file that it reads, changes."""

    command: list[str | Path]
    reads: list[Path] = field(default_factory=lambda: [])
    env: dict[str, str] = field(default_factory=lambda: {})


def daemons(sandbox: Sandbox, tools: GoTools) -> dict[str, Daemon]:
    """Return the node's processes by name, in the order in which they are started."""
    makers = {
        "etcd": _etcd,
        "containerd": _containerd,
        "apiserver": _apiserver,
        "controller-manager": _controller_manager,
        "scheduler": _scheduler,
        "proxy": _proxy,
        "volumes": _volumes,
        "kubelet": _kubelet,
        "coredns": _coredns,
    }
    return {name: make(sandbox, tools) for name, make in makers.items()}


def _etcd(sandbox: Sandbox, tools: GoTools) -> Daemon:
    keys = sandbox.pki
    return Daemon(
        [
            tools.path("etcd"),
            "--name=sandbox",
            f"--data-dir={sandbox.state / 'etcd'}",
            "--listen-client-urls=https://127.0.0.1:2379",
            "--advertise-client-urls=https://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--client-cert-auth",
            f"--trusted-ca-file={keys / 'etcd-ca.crt'}",
            f"--cert-file={keys / 'etcd.crt'}",
            f"--key-file={keys / 'etcd.key'}",
        ]
    )


def _containerd(sandbox: Sandbox, _: GoTools) -> Daemon:
    programs = host.unpacked(sandbox) / "usr"
    config = sandbox.config / "containerd.toml"
    path = (
        f"{programs / 'bin'}:{programs / 'sbin'}:/usr/sbin:/usr/bin:/sbin:/bin"  # the shim, and what the plugins call
    )
    return Daemon([programs / "bin" / "containerd", "-c", config], reads=[config], env={"PATH": path})


def _apiserver(sandbox: Sandbox, tools: GoTools) -> Daemon:
    keys = sandbox.pki
    return Daemon(
        [
            tools.path("kube-apiserver"),
            "--etcd-servers=https://127.0.0.1:2379",
            f"--etcd-cafile={keys / 'etcd-ca.crt'}",
            f"--etcd-certfile={keys / 'apiserver-etcd-client.crt'}",
            f"--etcd-keyfile={keys / 'apiserver-etcd-client.key'}",
            f"--encryption-provider-config={keys / 'encryption.yaml'}",
            f"--advertise-address={sandbox.address}",
            f"--service-cluster-ip-range={network.SERVICE_NETWORK}",
            f"--tls-cert-file={keys / 'apiserver.crt'}",
            f"--tls-private-key-file={keys / 'apiserver.key'}",
            f"--client-ca-file={keys / 'ca.crt'}",
            f"--service-account-key-file={keys / 'service-accounts.key'}",
            f"--service-account-signing-key-file={keys / 'service-accounts.key'}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            f"--kubelet-certificate-authority={keys / 'ca.crt'}",
            f"--kubelet-client-certificate={keys / 'apiserver-kubelet-client.crt'}",
            f"--kubelet-client-key={keys / 'apiserver-kubelet-client.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--requestheader-client-ca-file={keys / 'front-proxy-ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={keys / 'front-proxy-client.crt'}",
            f"--proxy-client-key-file={keys / 'front-proxy-client.key'}",
            "--allow-privileged=true",
        ]
    )


def _controller_manager(sandbox: Sandbox, tools: GoTools) -> Daemon:
    keys = sandbox.pki
    return Daemon(
        [
            tools.path("kube-controller-manager"),
            *_as_user(sandbox, "controller-manager"),
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={keys / 'service-accounts.key'}",
            f"--root-ca-file={keys / 'ca.crt'}",
            f"--cluster-signing-cert-file={keys / 'ca.crt'}",
            f"--cluster-signing-key-file={keys / 'ca.key'}",
            f"--flex-volume-plugin-dir={sandbox.state / 'kubelet' / 'volume-plugins'}",
            "--leader-elect=false",
        ],
        reads=[keys / "ca.crt"],
    )


def _scheduler(sandbox: Sandbox, tools: GoTools) -> Daemon:
    return Daemon([tools.path("kube-scheduler"), *_as_user(sandbox, "scheduler"), "--leader-elect=false"])


def _proxy(sandbox: Sandbox, tools: GoTools) -> Daemon:
    config = sandbox.config / "kube-proxy.yaml"
    return Daemon([tools.path("kube-proxy"), f"--config={config}"], reads=[config])


def _volumes(sandbox: Sandbox, tools: GoTools) -> Daemon:
    program = tools.path("volumes")
    user = sandbox.kubeconfig("volumes")
    return Daemon([program, "-dir", sandbox.volumes, "-node", pki.NODE, "-kubeconfig", user])


def _kubelet(sandbox: Sandbox, tools: GoTools) -> Daemon:
    config = sandbox.config / "kubelet.yaml"
    return Daemon(
        [
            tools.path("kubelet"),
            f"--config={config}",
            f"--kubeconfig={sandbox.kubeconfig('kubelet')}",
            f"--hostname-override={pki.NODE}",
            f"--node-ip={sandbox.address}",
            f"--root-dir={sandbox.state / 'kubelet'}",
        ],
        reads=[config],
    )


def _coredns(sandbox: Sandbox, tools: GoTools) -> Daemon:
    config = sandbox.config / "Corefile"
    return Daemon([tools.path("coredns"), "-conf", config], reads=[config])


def _as_user(sandbox: Sandbox, user: str) -> list[str]:
    kubeconfig = sandbox.kubeconfig(user)
    return [f"--{use}={kubeconfig}" for use in ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")]
