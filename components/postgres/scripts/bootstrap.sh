#!/bin/sh
# Makes one app's role and databases what they should be: bootstrap.sql, once the server answers.
# Environment: PGHOST, PGPORT, PGUSER, PGPASSWORD (admin); APP_USERNAME, APP_PASSWORD, APP_DATABASES (names, space-separated),
# SCRAM_ITERATIONS of the password's verifier; WAIT_SECONDS, how long to wait for a server that is still starting.
set -eu
export PGDATABASE=postgres PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-bootstrap

deadline=$(($(date +%s) + WAIT_SECONDS))
until answer=$(psql --no-psqlrc --quiet --command='SELECT' 2>&1); do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    printf 'no connection to %s:%s as %s after %s s: %s\n' "$PGHOST" "$PGPORT" "$PGUSER" "$WAIT_SECONDS" "$answer" >&2
    exit 1
  fi
  echo "waiting for $PGHOST:$PGPORT"
  sleep 2
done

# \password asks twice and sends only a SCRAM verifier. Without a terminal it reads the answers from standard input.
printf '%s\n%s\n' "$APP_PASSWORD" "$APP_PASSWORD" |
  setsid --wait psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --set=username="$APP_USERNAME" --set=databases="$APP_DATABASES" --set=scram_iterations="$SCRAM_ITERATIONS" \
    --file="$(dirname "$0")/bootstrap.sql"
echo "role $APP_USERNAME and databases $APP_DATABASES are ready"
