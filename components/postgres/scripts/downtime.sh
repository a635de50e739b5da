#!/bin/sh
# Reports the app's downtime during a move: from the time its writers were stopped until now, when it is ready on the new
# server. The first result is stored in the databases' marks, and later runs report it again.
# Environment: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD (admin of the new server); APP_DATABASES (names,
# one per line); APP_NAME, the app's name for messages.
set -eu
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-downtime PGCLIENTENCODING=UTF8
here=$(dirname "$0")

seconds=$(
  psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --set=databases="$APP_DATABASES" \
    --set=now="$(date +%s)" --file="$here/downtime.sql"
)
if [ -n "$seconds" ]; then
  echo "$APP_NAME downtime: $seconds s"
else
  echo "$APP_NAME downtime: none, its data were already on this server"
fi
