"""PostgreSQL on Google Cloud SQL: an instance that the program creates, or an existing one."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.forms.base import Model, Refusal
from components.forms.certificates import Certificates
from components.forms.computed import OrOutput, TextInput, known
from components.forms.images import image
from components.postgres.endpoint import TlsMode
from components.postgres.pooler.budget import Capacity
from components.servers.cloud import CloudSettings, ExistingInstance
from components.servers.cloudsql import gcp
from components.servers.cloudsql.connections import OWN
from components.servers.cloudsql.instance import CloudSqlInstance
from components.servers.cloudsql.labels import GoogleLabels
from components.servers.cloudsql.pins import CLOUD_SQL_PROXY_IMAGE
from components.servers.optional import OptionalPackage

ZONE_SUFFIX = "-postgresql"
"""End of the private DNS zone's name, after the instance's name."""

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

    renamed = {"replicas": "instances"}

    service_account: Annotated[TextInput, OrOutput(gcp.ServiceAccount)]
    """IAM service account with role `roles/cloudsql.client`, which the proxy's pods become by workload identity,
    such as `sql-client@my-project.iam.gserviceaccount.com`."""
    instances: Annotated[int, Field(ge=1, le=10)] = 2
    """Pods of the proxy."""
    image: Annotated[str, _IMAGE] = CLOUD_SQL_PROXY_IMAGE
    """Image of the proxy, with an exact tag."""
    required: bool = True
    """Whether an instance that the program creates accepts connections from proxies and connectors alone."""


class ExistingCloudSqlInstance(ExistingInstance):
    """An existing instance, which the program connects to and does not change."""

    name: gcp.InstanceName
    """Name of the instance in the project."""


class CloudSqlSettings(CloudSettings):
    """A Cloud SQL instance for both apps."""

    package = OptionalPackage("gcp", "requirements-gcp.txt")
    reserved_names = ("cloudsql",)

    kind: Literal["cloudsql"] = "cloudsql"  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """`cloudsql`: a Google Cloud SQL instance; needs `requirements-gcp.txt`."""
    project: gcp.Project
    """Google Cloud project of the instance, such as `my-project`."""
    region: gcp.Region
    """Region of the instance, such as `europe-west3`."""
    tags: GoogleLabels = {}
    """Labels of everything that the program creates in Google Cloud, such as `team: data` (not the tags of its Resource
    Manager)."""
    instance: CloudSqlInstance | None = None  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """An instance that the program creates."""
    existing: ExistingCloudSqlInstance | None = None  # pyright: ignore[reportIncompatibleVariableOverride] - frozen
    """An existing instance, instead of `instance`."""
    ca_certificates: Certificates | None = None
    """Certificates of the CAs that sign the instance's certificate, in PEM form; absent, those that the instance
    reports."""
    private_dns: bool = True
    """Whether the program lets the name in the instance's certificate resolve in the instance's network, by a private
    DNS zone of that name alone; `false` where it resolves already. Only for `tls: verify-full`."""
    private_dns_project: gcp.Project | None = None
    """Project of the private DNS zone, such as the host project of a Shared VPC; absent, the instance's."""
    auth_proxy: CloudSqlAuthProxy | None = None
    """Connections through the Auth Proxy instead of straight to the instance."""

    def refusals(self) -> Iterator[Refusal]:
        """Places that do not agree, and settings without effect."""
        yield from super().refusals()
        if self.existing is not None and self.tags and not self.creates_zone:
            allowed = "nothing where `existing` names an instance: the program creates nothing in Google Cloud"
            reads = tuple((key,) for key in ("instance", "existing", "privateDns", "tls", "authProxy"))
            yield Refusal(("tags",), self.tags, allowed, reads)
        yield from self._names()
        yield from self._tls()
        if self.existing is not None and self.auth_proxy is not None and "required" in self.auth_proxy.model_fields_set:
            path = ("authProxy", "required")
            allowed = "nothing where `existing` names an instance: the program does not change it"
            yield Refusal(path, self.auth_proxy.required, allowed, (("existing",), path))
        if self.instance is not None:
            yield from self._places(self.instance)

    def _names(self) -> Iterator[Refusal]:
        for key, named in (("instance", self.instance), ("existing", self.existing)):
            if named is None:
                continue
            path, longest = (key, "name"), gcp.LONGEST_CONNECTION_PART - len(self.project) - 1
            if len(named.name) > longest:
                allowed = f"at most {longest} characters in project {self.project}"
                yield Refusal(path, named.name, allowed, (("project",), path))
            elif self.creates_zone and len(named.name) > LONGEST_ZONE - len(ZONE_SUFFIX):
                allowed = f"at most {LONGEST_ZONE - len(ZONE_SUFFIX)} characters, or `privateDns: false`"
                yield Refusal(path, named.name, allowed, (("privateDns",), ("tls",), ("authProxy",), path))

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
                yield Refusal((key,), given, "nothing beside `authProxy`, which encrypts and checks by itself", reads)
            elif self.tls != "verify-full" and key != "tls":
                yield Refusal((key,), given, "nothing where `tls` is require: no name is checked", reads)
            elif key == "privateDnsProject" and not self.private_dns:
                yield Refusal((key,), given, "nothing where `privateDns` is false: there is no zone", reads)

    def _places(self, instance: CloudSqlInstance) -> Iterator[Refusal]:
        for key, zone in (("zone", instance.zone), ("secondaryZone", instance.secondary_zone)):
            if zone is not None and zone.rpartition("-")[0] != self.region:
                path = ("instance", key)
                yield Refusal(path, zone, f"a zone of {self.region}", (("region",), path))
        key = known(instance.disk.kms_key)
        if key is not None and key.split("/")[3] != self.region:
            path = ("instance", "disk", "kmsKey")
            yield Refusal(path, key, f"a key in the instance's region, {self.region}", (("region",), path))

    @property
    def client_tls(self) -> TlsMode:
        """How apps connect: to the Auth Proxy in clear."""
        return TlsMode.DISABLE if self.auth_proxy is not None else super().client_tls

    @property
    def capacity(self) -> Capacity | None:
        """The connections that it accepts; None where that is not known."""
        if self.instance is None:
            return self.capacity_with(None, {}, OWN)
        return self.capacity_with(self.instance.max_connections, self.instance.parameters, OWN)

    @property
    def creates_zone(self) -> bool:
        """Whether the program creates a private DNS zone."""
        return self.private_dns and self.client_tls is TlsMode.VERIFY_FULL

    @property
    def provider_settings(self) -> Mapping[str, tuple[str, str | None]]:
        """What the settings say of pulumi-gcp's own configuration."""
        return {"gcp:project": ("server.project", self.project), "gcp:region": ("server.region", self.region)}
