"""The environment of a shell in the sandbox."""

import os
import shlex

from sandbox.paths import Sandbox

DIRECT = "localhost,127.0.0.1,198.18.0.0/15,10.96.0.0/16,.svc,.cluster.local"
NO_PROXY = {"NO_PROXY": DIRECT, "no_proxy": DIRECT}  # the cluster is never behind the machine's proxy


def variables(sandbox: Sandbox) -> dict[str, str]:
    """Return the variables of a shell in the sandbox; ``PATH`` begins with the sandbox's folders."""
    state = sandbox.state
    path = [str(sandbox.bin), str(sandbox.checkout / ".venv" / "bin")]
    rest = [part for part in os.environ.get("PATH", os.defpath).split(":") if part and part not in path]
    return {
        "KUBECONFIG": str(sandbox.kubeconfig()),
        "KUBECACHEDIR": str(state / "kube-cache"),
        # Otherwise Pulumi writes a file of attributes beside the state, in place: killed at that moment, it cannot read
        # its state again (`failed to load checkpoint: EOF`).
        "PULUMI_BACKEND_URL": f"file://{state / 'pulumi'}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(state / "passphrase"),
        "PULUMI_HOME": str(state / "pulumi-home"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        # Otherwise every command tries to download the plugins of the cloud SDKs, which tests need, until a time-out.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "HELM_CACHE_HOME": str(state / "helm" / "cache"),
        "HELM_CONFIG_HOME": str(state / "helm" / "config"),
        "HELM_DATA_HOME": str(state / "helm" / "data"),
        "LAKEHOUSE_SANDBOX": sandbox.id,
        **NO_PROXY,
        "PATH": ":".join([*path, *rest]),
    }


def write(sandbox: Sandbox) -> None:
    """Write the environment as a shell file, ``env`` in the state folder."""
    own = [f"{sandbox.bin}", f"{sandbox.checkout / '.venv' / 'bin'}"]
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(sandbox).items() if name != "PATH"]
    lines.append(f'export PATH={shlex.quote(":".join(own))}:"$PATH"')
    temporary = sandbox.env_file.with_name(".env.tmp")
    temporary.write_text("\n".join(lines) + "\n")
    temporary.replace(sandbox.env_file)
