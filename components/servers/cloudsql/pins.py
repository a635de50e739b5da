"""The version of the Cloud SQL Auth Proxy that the program is tested with."""

CLOUD_SQL_PROXY_IMAGE = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.27.0"
