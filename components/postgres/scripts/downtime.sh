#!/bin/sh
# Tells how long the app stood still for a move: from the moment its writers were stopped until now, when it is ready on
# the new server. The first answer is kept beside the data, so that a later run repeats it.
# Environment: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD (admin of the new server); APP_DATABASES (names,
# one a line); APP_NAME, what people call the app.
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
  echo "$APP_NAME downtime: none, its data were here already"
fi
