"""The object storage, by its S3 interface: buckets that are made if they do not exist, and objects in them."""

import datetime
import hashlib
import hmac
import logging
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from standin.settings import require

log = logging.getLogger(__name__)

REGION = "us-east-1"  # what Airbyte signs with, whatever server it is (its StorageClient.kt)


@dataclass(frozen=True)
class Storage:
    """An S3 server, addressed by path, and the credentials from the chart's environment."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)

    def ensure(self, bucket: str) -> None:
        """Make a bucket unless it is there.

        Raises:
            urllib.error.URLError: the server is not there or refuses the credentials.

        """
        try:
            self._call("HEAD", bucket)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            self._call("PUT", bucket)
            log.info("made the bucket %s", bucket)

    def write(self, bucket: str, key: str, data: bytes) -> None:
        """Write an object.

        Raises:
            urllib.error.URLError: the server is not there or refuses it.

        """
        self._call("PUT", f"{bucket}/{key}", data)

    def read(self, bucket: str, key: str) -> bytes:
        """Return what an object holds.

        Raises:
            urllib.error.URLError: the server or the object is not there, or it is refused.

        """
        return self._call("GET", f"{bucket}/{key}")

    def _call(self, method: str, path: str, data: bytes = b"") -> bytes:
        """Send a request, signed as AWS Signature Version 4 says; the path needs no quoting."""
        host = urlsplit(self.endpoint).netloc
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        names = "host;x-amz-content-sha256;x-amz-date"
        content = hashlib.sha256(data).hexdigest()
        canonical = (
            f"{method}\n/{path}\n\nhost:{host}\nx-amz-content-sha256:{content}\nx-amz-date:{now}\n\n{names}\n{content}"
        )
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        credential = f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}"
        headers = {
            "x-amz-content-sha256": content,
            "x-amz-date": now,
            "Authorization": f"{credential}, Signature={signature}",
        }
        url = f"{self.endpoint}/{path}"
        request = urllib.request.Request(url, data or None, headers=headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.read()


def from_env() -> Storage | None:
    """Return the S3 server of the environment; None with AWS and Google Cloud, which the sandbox does not have.

    Raises:
        SettingError: a variable that the chart sets for MinIO, its own or another's, is missing.

    """
    if require("STORAGE_TYPE")["STORAGE_TYPE"].lower() != "minio":
        return None
    env = require("MINIO_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return Storage(env["MINIO_ENDPOINT"].rstrip("/"), env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"])


def buckets() -> list[str]:
    """Return the buckets that the chart names, each once."""
    return sorted({value for name, value in os.environ.items() if name.startswith("STORAGE_BUCKET_") and value})
