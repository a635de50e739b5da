#!/bin/sh
# psql for Dagster's tests, which call it by name: that of the server's image, with its own libraries, outside of the
# image, where the tests' files are. Environment: POSTGRES_ROOT, the folder with the image's files.
set -eu
libraries=$POSTGRES_ROOT/usr/lib/$(uname -m)-linux-gnu
set -- "$POSTGRES_ROOT"/usr/lib/postgresql/*/bin/psql "$@"
exec "$libraries"/ld-linux-*.so.* --library-path "$libraries" "$@"
