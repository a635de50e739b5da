"""The little of the Kubernetes API that a bootloader needs: Secrets of its own namespace."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from standin.settings import SettingError, require

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Cluster:
    """The API server as seen from a pod, with the pod's service account."""

    def __init__(self) -> None:
        env = require("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
        if not (ACCOUNT / "token").exists():
            msg = f"no service account token at {ACCOUNT}"
            raise SettingError(msg)
        host = env["KUBERNETES_SERVICE_HOST"]
        self.url = f"https://{f'[{host}]' if ':' in host else host}:{env['KUBERNETES_SERVICE_PORT']}"
        self.namespace = (ACCOUNT / "namespace").read_text().strip()
        self.tls = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, kind: str = "application/json") -> Any:
        data = None if body is None else json.dumps(body).encode()
        token = (ACCOUNT / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Content-Type": kind}
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, context=self.tls, timeout=15) as answer:  # noqa: S310
            return json.load(answer)

    def may_create_secrets(self) -> bool:
        """Say whether the service account may create Secrets here, as the API server sees it."""
        attributes = {"namespace": self.namespace, "verb": "create", "resource": "secrets"}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = self._call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        return bool(answer["status"]["allowed"])

    def secret(self, name: str) -> dict[str, str] | None:
        """Return a Secret's decoded data, or None where there is no such Secret."""
        try:
            found = self._call("GET", f"/api/v1/namespaces/{self.namespace}/secrets/{name}")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        data: dict[str, str] = found.get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def put_secret(self, name: str, data: dict[str, str]) -> None:
        """Create a Secret with these keys, or add them to the one that is there; other keys stay."""
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        path = f"/api/v1/namespaces/{self.namespace}/secrets"
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": encoded}
        try:
            self._call("POST", path, secret)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            self._call("PATCH", f"{path}/{name}", {"data": encoded}, "application/merge-patch+json")
