#!/bin/sh
# Makes one app's role and databases what they should be: bootstrap.sql, once the server answers, then their extensions.
# Environment: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD (admin); APP_USERNAME, APP_PASSWORD, APP_DATABASES (names,
# space-separated); APP_EXTENSIONS (database:extension, space-separated); SCRAM_ITERATIONS of the password's verifier;
# CONNECTION_LIMIT (-1 none), STATEMENT_TIMEOUT_SECONDS, IDLE_IN_TRANSACTION_TIMEOUT_SECONDS (0 none) of the role;
# ARRIVING (yes or no), whether a move is to bring the data here; WAIT_SECONDS, how long to wait for a server that is still
# starting.
set -eu
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-bootstrap
here=$(dirname "$0")

deadline=$(($(date +%s) + WAIT_SECONDS))
until answer=$(psql --no-psqlrc --quiet --tuples-only --no-align --command='SHOW server_version_num' 2>&1); do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    printf 'no connection to %s:%s as %s after %s s: %s\n' "$PGHOST" "$PGPORT" "$PGUSER" "$WAIT_SECONDS" "$answer" >&2
    exit 1
  fi
  echo "waiting for $PGHOST:$PGPORT"
  sleep 2
done
version=$((answer / 10000))
if [ "$version" -lt 13 ] || [ "$version" -gt 17 ]; then
  echo "$PGHOST:$PGPORT is PostgreSQL $version; Airbyte and Dagster need 13 to 17" >&2
  exit 1
fi

# \password asks twice and sends only a SCRAM verifier. Without a terminal it reads the answers from standard input.
printf '%s\n%s\n' "$APP_PASSWORD" "$APP_PASSWORD" |
  setsid --wait psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --set=username="$APP_USERNAME" --set=databases="$APP_DATABASES" --set=scram_iterations="$SCRAM_ITERATIONS" \
    --set=connection_limit="$CONNECTION_LIMIT" --set=statement_timeout="$STATEMENT_TIMEOUT_SECONDS" \
    --set=idle_timeout="$IDLE_IN_TRANSACTION_TIMEOUT_SECONDS" --set=arriving="$ARRIVING" --file="$here/bootstrap.sql"
for wanted in $APP_EXTENSIONS; do
  PGDATABASE=${wanted%:*} psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=extension="${wanted##*:}" \
    --file="$here/extension.sql"
done
echo "role $APP_USERNAME and databases $APP_DATABASES are ready"
