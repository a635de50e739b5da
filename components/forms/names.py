"""Names in a stack file, each in the form that Kubernetes, PostgreSQL or Helm accepts."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from components.forms.base import refuse


@dataclass(frozen=True)
class Form:
    """Annotation of a string that must match a pattern; `allowed` describes it for messages."""

    pattern: str
    longest: int | None
    allowed: str

    @property
    def words(self) -> str:
        """What is allowed, its length included."""
        return self.allowed if self.longest is None else f"{self.allowed}, at most {self.longest} characters"

    def fits(self, value: str) -> bool:
        """Whether a value has this form."""
        too_long = self.longest is not None and len(value) > self.longest
        return not too_long and re.fullmatch(self.pattern, value) is not None

    def check(self, value: str) -> str:
        """Return the value as it is, or refuse it."""
        if not self.fits(value):
            refuse(self.words)
        return value

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        length = {} if self.longest is None else {"maxLength": self.longest}
        return {**handler(schema), "pattern": f"^{self.pattern}$", **length}


_LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_LABEL_TEXT = "lower-case letters, digits and '-', beginning with a letter and not ending in '-'"

Namespace = Annotated[str, Form(_LABEL, 63, _LABEL_TEXT)]
"""Name of a Kubernetes namespace (RFC 1123 label)."""

# The longest name derived from a release is the StatefulSet `<release>-airbyte-postgresql`: 19 characters more. A label
# of its pods, at most 63 characters, carries that name and 11 for the revision.
ReleaseName = Annotated[str, Form(_LABEL, 33, _LABEL_TEXT)]
"""Name of a Helm release."""

_DNS = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
_DNS_TEXT = "lower-case letters, digits, '-' and '.', as in a DNS name"

ObjectName = Annotated[str, Form(_DNS, 253, _DNS_TEXT)]
"""Name of a Kubernetes object such as a Secret or a storage class (RFC 1123 subdomain)."""

# The bootstrap Job `<secret>-bootstrap` carries its name as a label of its pods, at most 63 characters.
DatabaseSecretName = Annotated[str, Form(_DNS, 53, _DNS_TEXT)]
"""Name of a database's Secret."""

SecretKey = Annotated[str, Form(r"[-._a-zA-Z0-9]+", 253, "letters, digits, '-', '_' and '.'")]
"""Key inside a Secret."""

# PostgreSQL truncates identifiers to 63 bytes; the prefix `pg_` is reserved.
PostgresName = Annotated[
    str,
    Form(
        r"(?!pg_)[a-z_][a-z0-9_]*",
        63,
        "lower-case letters, digits and '_', beginning with a letter or '_' and not with 'pg_'",
    ),
]
"""Name of a PostgreSQL role or database that needs no quoting anywhere."""


@dataclass(frozen=True)
class AnyPostgresName:
    """Annotation of a name that PostgreSQL accepts as a quoted identifier.

    Attributes:
        unwanted: pattern that it must not match, because another tool would misread it.
        reason: description of that pattern for messages; empty without a pattern.
        reserved: whether the prefix `pg_`, `public` and `none` are reserved, as for roles.
    """

    unwanted: str = ""
    reason: str = ""
    reserved: bool = False

    @property
    def words(self) -> str:
        """What is allowed."""
        reserved = ", not beginning with 'pg_' and not 'public' or 'none'" if self.reserved else ""
        return f"1 to 63 bytes in UTF-8, no control or invisible characters{reserved}{self.reason}"

    def check(self, value: str) -> str:
        """Return the name as it is, or refuse it."""
        # PostgreSQL truncates identifiers to 63 bytes.
        fits = value.isprintable() and 0 < len(value.encode()) <= 63
        reserved = self.reserved and (value.startswith("pg_") or value in {"public", "none"})
        if not fits or reserved or (self.unwanted and re.search(self.unwanted, value)):
            refuse(self.words)
        return value

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        reserved = "(?!pg_|public$|none$)" if self.reserved else ""
        unwanted = f"(?!.*{self.unwanted})" if self.unwanted else ""
        return {**handler(schema), "pattern": f"^{reserved}{unwanted}.", "maxLength": 63}


DatabaseName = Annotated[str, AnyPostgresName()]
"""Name of a PostgreSQL database: letters of any case and alphabet, spaces, quotes, `db-airbyte`."""

RoleName = Annotated[str, AnyPostgresName(reserved=True)]
"""Name of a PostgreSQL role."""

BucketName = Annotated[
    str, Form(r"[a-z0-9][-a-z0-9._]{1,61}[a-z0-9]", 63, "3 or more lower-case letters, digits, '-', '_' and '.'")
]
"""Name of an S3 or GCS bucket."""

ExtensionName = Annotated[
    str, Form(r"[a-z][-a-z0-9_]*", 63, "lower-case letters, digits, '-' and '_', such as pg_trgm")
]
"""Name of a PostgreSQL extension."""

HostName = Annotated[
    str, Form(r"[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?", 253, "a DNS name or an IPv4 address, without port or scheme")
]
"""Name or address of a server."""
