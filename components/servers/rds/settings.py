"""PostgreSQL on Amazon RDS: an instance that the program makes, or one that is there."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Found, Model, Refusal
from components.forms.certificates import Certificates
from components.servers.existing.settings import ExistingAdmin
from components.servers.rds import aws
from components.servers.rds.certificates import rds_authorities, rds_regions
from components.servers.rds.instance import RdsInstance
from components.servers.tags import AwsTags


class ExistingRdsInstance(Model):
    """An instance that is there; nothing of it is changed."""

    identifier: aws.Identifier
    """Its identifier in the region."""
    port: Annotated[int, Field(ge=1150, le=65535)] = 5432
    """TCP port."""
    admin: ExistingAdmin
    """The role that makes the apps' roles and databases."""


class RdsServer(Model):
    """An RDS instance for both apps."""

    kind: Literal["rds"]
    """`rds`: an Amazon RDS instance; needs `requirements-aws.txt`."""
    region: aws.Region
    """AWS region of the instance."""
    profile: aws.Profile | None = None
    """Profile of the AWS configuration; absent, what the environment says."""
    tags: AwsTags = {}
    """Tags of everything that the program creates in AWS."""
    instance: RdsInstance | None = None
    """An instance that the program makes."""
    existing: ExistingRdsInstance | None = None
    """One that is there, instead of `instance`."""
    tls: Literal["require", "verify-full"] = "verify-full"
    """How clients connect: `verify-full` checks the server's certificate and name, `require` only encrypts."""
    ca_certificates: Certificates | None = None
    """Authorities of the region in PEM form, where the program has none or Amazon has newer ones."""

    def refusals(self) -> Iterator[Refusal]:
        """No instance or two, and a check without anything to check against."""
        reads = (("instance",), ("existing",))
        if self.instance is None and self.existing is None:
            yield Refusal(("instance",), Found.NOTHING, "either `instance` or `existing`", reads)
        if self.instance is not None and self.existing is not None:
            found = self.instance.model_dump(by_alias=True, exclude_unset=True)
            yield Refusal(("instance",), found, "nothing where `existing` names an instance that is there", reads)
        if self.instance is None and self.tags:
            allowed = "nothing where `existing` names an instance: the program creates nothing in AWS"
            yield Refusal(("tags",), self.tags, allowed, reads)
        checked = (("region",), ("tls",), ("caCertificates",))
        if self.tls == "verify-full" and self.ca_certificates is None and rds_authorities(self.region) is None:
            allowed = (
                f"Amazon's certificates for {self.region} in PEM form, or `tls: require`; "
                f"the program has those of {', '.join(rds_regions())}"
            )
            yield Refusal(("caCertificates",), Found.NOTHING, allowed, checked)
        if self.tls != "verify-full" and self.ca_certificates is not None:
            yield Refusal(("tls",), self.tls, "verify-full, since `caCertificates` is there", checked)
        key = self.instance.storage.kms_key_arn if self.instance else None
        if key is not None and key.split(":")[3] != self.region:
            path = ("instance", "storage", "kmsKeyArn")
            yield Refusal(path, key, f"a key in the instance's region, {self.region}", (("region",), path))
