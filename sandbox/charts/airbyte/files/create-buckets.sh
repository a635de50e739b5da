#!/bin/sh
# Wait for MinIO and make the buckets that Airbyte's parts do not make themselves.
set -eu

# From standard input, so that the credentials are in no process list.
until printf '%s\n%s\n' "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" | mc --quiet alias set store "$MINIO_ENDPOINT" >/dev/null 2>&1; do
	echo "waiting for MinIO"
	sleep 1
done
for bucket in state-storage airbyte-dev-logs; do
	mc --quiet mb --ignore-existing "store/$bucket"
done
