"""PostgreSQL on Google Cloud SQL: an instance that the program makes, or one that is there."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Found, Model, Refusal
from components.forms.certificates import Certificates
from components.forms.names import image
from components.forms.pins import CLOUD_SQL_PROXY_IMAGE
from components.servers.cloudsql import gcp
from components.servers.cloudsql.instance import CloudSqlInstance
from components.servers.existing.settings import ExistingAdmin
from components.servers.tags import GoogleLabels

ZONE_SUFFIX = "-postgresql"
"""What the private DNS zone's name has after the instance's."""

LONGEST_ZONE = 63
"""Characters of a managed zone's name (Cloud DNS API)."""

_IMAGE = image(
    r"2\.[0-9]+\.[0-9]+",
    f"an image of the Cloud SQL Auth Proxy with an exact 2.x tag, such as {CLOUD_SQL_PROXY_IMAGE}",
)


class CloudSqlAuthProxy(Model):
    """The Cloud SQL Auth Proxy in the cluster: it encrypts, checks the server, and needs no certificate at the clients.
    Between the apps' pods and the proxy's, connections are in clear.
    """

    service_account: gcp.ServiceAccount
    """IAM service account with role `roles/cloudsql.client`, which the proxy's pods become by workload identity."""
    replicas: Annotated[int, Field(ge=1, le=10)] = 2
    """Pods of it."""
    image: Annotated[str, _IMAGE] = CLOUD_SQL_PROXY_IMAGE
    """Its image, exact tag."""
    required: bool = True
    """Whether an instance that the program makes takes connections of proxies and connectors alone."""


class ExistingCloudSqlInstance(Model):
    """An instance that is there; nothing of it is changed."""

    name: gcp.InstanceName
    """Its name in the project."""
    admin: ExistingAdmin
    """The role that makes the apps' roles and databases."""


class CloudSqlServer(Model):
    """A Cloud SQL instance for both apps."""

    kind: Literal["cloudsql"]
    """`cloudsql`: a Google Cloud SQL instance; needs `requirements-gcp.txt`."""
    project: gcp.Project
    """Google Cloud project of the instance."""
    region: gcp.Region
    """Region of the instance."""
    tags: GoogleLabels = {}
    """Labels of everything that the program creates in Google Cloud (not the tags of its Resource Manager)."""
    instance: CloudSqlInstance | None = None
    """An instance that the program makes."""
    existing: ExistingCloudSqlInstance | None = None
    """One that is there, instead of `instance`."""
    tls: Literal["require", "verify-full"] = "verify-full"
    """How clients connect: `verify-full` checks the server's certificate and name, `require` only encrypts."""
    ca_certificates: Certificates | None = None
    """Authorities in PEM form; absent, those that the instance tells itself."""
    private_dns: bool = True
    """Whether the program makes the name in the instance's certificate resolve in its network, by a private DNS zone of
    that name alone; `false` if somebody else does. Only for `verify-full`."""
    private_dns_project: gcp.Project | None = None
    """Project of that zone, such as the host project of a Shared VPC; absent, the instance's."""
    auth_proxy: CloudSqlAuthProxy | None = None
    """Connections through the Auth Proxy instead of straight to the instance."""

    def refusals(self) -> Iterator[Refusal]:
        """No instance or two, places that do not agree, and TLS settings that nobody would look at."""
        reads = (("instance",), ("existing",))
        if self.instance is None and self.existing is None:
            yield Refusal(("instance",), Found.NOTHING, "either `instance` or `existing`", reads)
        if self.instance is not None and self.existing is not None:
            found = self.instance.model_dump(by_alias=True, exclude_unset=True)
            yield Refusal(("instance",), found, "nothing where `existing` names an instance that is there", reads)
        if self.existing is not None and self.tags and not self._makes_zone:
            allowed = "nothing where `existing` names an instance: the program creates nothing in Google Cloud"
            yield Refusal(("tags",), self.tags, allowed, (*reads, ("privateDns",), ("tls",), ("authProxy",)))
        yield from self._name()
        yield from self._tls()
        if self.existing is not None and self.auth_proxy is not None and "required" in self.auth_proxy.model_fields_set:
            path = ("authProxy", "required")
            allowed = "nothing where `existing` names an instance that is there: nothing of it is changed"
            yield Refusal(path, self.auth_proxy.required, allowed, (("existing",), path))
        if self.instance is not None:
            yield from self._place(self.instance)

    def _name(self) -> Iterator[Refusal]:
        for key, name in (
            ("instance", self.instance.name if self.instance else None),
            ("existing", self.existing.name if self.existing else None),
        ):
            longest = gcp.LONGEST_CONNECTION_PART - len(self.project) - 1
            if name is not None and len(name) > longest:
                allowed = f"at most {longest} characters in project {self.project}"
                yield Refusal((key, "name"), name, allowed, (("project",), (key, "name")))
            elif name is not None and self._makes_zone and len(name) > LONGEST_ZONE - len(ZONE_SUFFIX):
                allowed = f"at most {LONGEST_ZONE - len(ZONE_SUFFIX)} characters, or `privateDns: false`"
                yield Refusal((key, "name"), name, allowed, (("privateDns",), ("tls",), ("authProxy",), (key, "name")))

    @property
    def _makes_zone(self) -> bool:
        return self.private_dns and self.tls == "verify-full" and self.auth_proxy is None

    def _tls(self) -> Iterator[Refusal]:
        names = {
            "tls": "tls",
            "caCertificates": "ca_certificates",
            "privateDns": "private_dns",
            "privateDnsProject": "private_dns_project",
        }
        reads = tuple((key,) for key in (*names, "authProxy"))
        for key, name in names.items():
            given: object = getattr(self, name)
            if name not in self.model_fields_set or given is None:
                continue
            if self.auth_proxy is not None:
                yield Refusal((key,), given, "nothing beside `authProxy`, which sees to TLS itself", reads)
            elif self.tls != "verify-full" and key != "tls":
                yield Refusal((key,), given, "nothing where `tls` is require: no name is checked", reads)
            elif key == "privateDnsProject" and not self.private_dns:
                yield Refusal((key,), given, "nothing where `privateDns` is false: there is no zone", reads)

    def _place(self, instance: CloudSqlInstance) -> Iterator[Refusal]:
        for key, zone in (("zone", instance.zone), ("secondaryZone", instance.secondary_zone)):
            if zone is not None and zone.rpartition("-")[0] != self.region:
                path = ("instance", key)
                yield Refusal(path, zone, f"a zone of {self.region}", (("region",), path))
        key = instance.disk.kms_key
        if key is not None and key.split("/")[3] != self.region:
            path = ("instance", "disk", "kmsKey")
            yield Refusal(path, key, f"a key in the instance's region, {self.region}", (("region",), path))
