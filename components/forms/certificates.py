"""CA certificates in PEM form, alone or as a bundle with text around them."""

import base64
import re
import ssl
from typing import Annotated

from pydantic import AfterValidator

from components.forms.base import refuse

_FORM = "certificates in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
# RFC 7468: a block, its label at both ends. Text outside of blocks is a comment.
_BLOCK = re.compile(r"-----BEGIN ([^\r\n-]+)-----(.*?)-----END \1-----", re.DOTALL)
_MARK = re.compile(r"-----(?:BEGIN|END) ([^\r\n-]*)")
_PLAIN = re.compile(r"(?:\s*-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----\s*)+")


def certificates(value: str) -> str:
    """Check PEM text of one or more certificates.

    Comments between them (as curl's, Mozilla's and Amazon's bundles have) and Windows line ends are dropped; text
    without either is returned as it is.

    Raises:
        PydanticCustomError: it contains anything else, or a certificate that cannot be decoded; the text says which.
    """
    labels = [match[1] for match in _MARK.finditer(value)]
    if any("PRIVATE KEY" in label for label in labels):
        refuse("certificates only: remove the private key, which only its server needs")
    others = sorted({label for label in labels if label != "CERTIFICATE"})
    if others:
        refuse(f"{_FORM}, and nothing else: it contains {', '.join(others)}")
    blocks = [match[2] for match in _BLOCK.finditer(value)]
    if not blocks or len(labels) != 2 * len(blocks):
        refuse(_FORM)
    read = [_read(body) for body in blocks]
    broken = [str(number) for number, der in enumerate(read, start=1) if der is None]
    if broken:
        which = (
            "this one cannot be decoded"
            if len(blocks) == 1
            else f"number {', '.join(broken)} of {len(blocks)} cannot be decoded"
        )
        refuse(f"{_FORM}; {which}")
    if "\r" not in value and _PLAIN.fullmatch(value):
        return value
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in read if der is not None)


def _read(body: str) -> bytes | None:
    """The certificate in DER form; None if it is not one."""
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=der)
    except (ValueError, ssl.SSLError):
        return None
    return der


Certificates = Annotated[str, AfterValidator(certificates)]
"""Certificates of the CAs that a server's certificate is checked against, in PEM form."""
