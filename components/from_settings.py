"""From a stack's settings to what components take; components do not know of stack files."""

from components.helm import ChartSource
from components.object_storage import S3, AccessKey, Gcs, Minio, ObjectStorage
from settings import storage
from settings.chart import Chart
from settings.pins import OfficialChart


def chart_source(chart: Chart, official: OfficialChart) -> ChartSource:
    """The chart that a stack chose, or the official one."""
    if chart.path is not None:
        return ChartSource(chart.path)
    version = chart.version_or(official.version)
    if chart.oci is not None:
        return ChartSource(chart.oci, version)
    return ChartSource(official.name, version, chart.repository or official.repository)


def object_storage(settings: storage.ObjectStorage) -> ObjectStorage:
    """The object storage that a stack chose."""
    match settings:
        case storage.MinioStorage():
            return Minio(settings.storage_size)
        case storage.S3Storage():
            key, role = settings.credentials, settings.workload_identity
            return S3(
                region=settings.region,
                bucket=settings.bucket,
                key=AccessKey(key.secret_name, key.access_key_id_key, key.secret_access_key_key) if key else None,
                role_arn=role.role_arn if role else None,
            )
        case storage.GcsStorage():
            return Gcs(
                settings.project, settings.bucket, settings.credentials.secret_name, settings.credentials.json_key
            )
