"""The object storage, by its S3 interface: is a bucket there, and if not, make it."""

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

EMPTY = hashlib.sha256(b"").hexdigest()
REGION = "us-east-1"  # MinIO's own; it checks the signature with it


@dataclass(frozen=True)
class Storage:
    """A MinIO server and the credentials from the chart's environment."""

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

    def _call(self, method: str, bucket: str) -> None:
        """Send a request without a body, signed as AWS Signature Version 4 says."""
        host = urlsplit(self.endpoint).netloc
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        names = "host;x-amz-content-sha256;x-amz-date"
        canonical = (
            f"{method}\n/{bucket}\n\nhost:{host}\nx-amz-content-sha256:{EMPTY}\nx-amz-date:{now}\n\n{names}\n{EMPTY}"
        )
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        credential = f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}"
        headers = {
            "x-amz-content-sha256": EMPTY,
            "x-amz-date": now,
            "Authorization": f"{credential}, Signature={signature}",
        }
        request = urllib.request.Request(f"{self.endpoint}/{bucket}", headers=headers, method=method)  # noqa: S310
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def from_env() -> Storage | None:
    """Return the MinIO of the environment; None with other kinds of storage, which the sandbox does not have.

    Raises:
        SettingError: a variable that the chart sets for MinIO is missing.

    """
    if require("STORAGE_TYPE")["STORAGE_TYPE"].lower() != "minio":
        return None
    env = require("MINIO_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return Storage(env["MINIO_ENDPOINT"].rstrip("/"), env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"])


def buckets() -> list[str]:
    """Return the buckets that the chart names, each once."""
    return sorted({value for name, value in os.environ.items() if name.startswith("STORAGE_BUCKET_") and value})
