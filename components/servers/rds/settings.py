"""PostgreSQL on Amazon RDS: an instance that the program creates, or an existing one."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Placeholder, Refusal
from components.forms.certificates import Certificates
from components.forms.computed import known
from components.postgres.pooler.budget import Capacity
from components.servers.cloud import CloudSettings, ExistingInstance
from components.servers.optional import OptionalPackage
from components.servers.rds import aws
from components.servers.rds.certificates import rds_ca_certificates, rds_regions
from components.servers.rds.connections import OWN, superuser_reserve
from components.servers.rds.instance import RdsInstance
from components.servers.rds.tags import AwsTags


class ExistingRdsInstance(ExistingInstance):
    """An existing instance, which the program connects to and does not change."""

    identifier: aws.Identifier
    """Identifier of the instance in the region."""
    port: Annotated[int, Field(ge=1150, le=65535)] = 5432
    """TCP port."""


class RdsSettings(CloudSettings):
    """An RDS instance for both apps."""

    package = OptionalPackage("aws", "requirements-aws.txt")
    reserved_names = ("rdsadmin", "rds_")

    kind: Literal["rds"] = "rds"  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """`rds`: an Amazon RDS instance; needs `requirements-aws.txt`."""
    region: aws.Region
    """AWS region of the instance, such as `eu-central-1`."""
    profile: aws.Profile | None = None
    """Profile of the AWS configuration; absent, that of `aws:profile` or of the environment."""
    tags: AwsTags = {}
    """Tags of everything that the program creates in AWS, such as `team: data`."""
    instance: RdsInstance | None = None  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """An instance that the program creates."""
    existing: ExistingRdsInstance | None = None  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """An existing instance, instead of `instance`."""
    ca_certificates: Certificates | None = None
    """Certificates of the region's CAs, in PEM form; absent, those that the program has. Needed for a region of which
    it has none, and for CAs that are newer."""

    def refusals(self) -> Iterator[Refusal]:
        """Tags of nothing, a check without anything to check against, and a key of another region."""
        yield from super().refusals()
        if self.existing is not None and self.tags:
            allowed = "nothing where `existing` names an instance: the program creates nothing in AWS"
            yield Refusal(("tags",), self.tags, allowed, (("instance",), ("existing",)))
        reads = (("region",), ("tls",), ("caCertificates",))
        if self.tls == "verify-full" and self.trusted_certificates is None:
            allowed = (
                f"Amazon's certificates for {self.region} in PEM form, or `tls: require`; "
                f"the program has those of {', '.join(rds_regions())}"
            )
            yield Refusal(("caCertificates",), Placeholder.NOTHING, allowed, reads)
        if self.tls != "verify-full" and self.ca_certificates is not None:
            yield Refusal(("tls",), self.tls, "verify-full, since `caCertificates` is given", reads)
        key = known(self.instance.storage.kms_key_arn) if self.instance else None
        if key is not None and key.split(":")[3] != self.region:
            path = ("instance", "storage", "kmsKeyArn")
            yield Refusal(path, key, f"a key in the instance's region, {self.region}", (("region",), path))

    @property
    def capacity(self) -> Capacity | None:
        """The connections that it accepts; None where that is not known."""
        if self.instance is None:
            return self.capacity_with(None, {}, OWN)
        parameters = self.instance.parameters
        return self.capacity_with(self.instance.max_connections, parameters, *superuser_reserve(parameters), OWN)

    @property
    def provider_settings(self) -> Mapping[str, tuple[str, str | None]]:
        """What the settings say of pulumi-aws's own configuration."""
        return {"aws:region": ("server.region", self.region), "aws:profile": ("server.profile", self.profile)}

    @property
    def trusted_certificates(self) -> str | None:
        """Certificates of the CAs that clients check the server against, PEM; None where there are none."""
        return self.ca_certificates or rds_ca_certificates(self.region)
