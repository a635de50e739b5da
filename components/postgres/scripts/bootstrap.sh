#!/bin/sh
# Makes one app's role and databases what they should be: bootstrap.sql, once the server answers. Looks first, and changes
# nothing if it must refuse. Ends with 3 where another try would end the same.
# Environment: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD (admin); ADMIN_SECRET, what people call the Secret that the
# last two come from; APP_USERNAME, APP_PASSWORD, APP_DATABASES (names, one a line); APP_EXTENSIONS (database:extension, one
# a line); SCRAM_ITERATIONS of the password's verifier; CONNECTION_LIMIT (-1 none), STATEMENT_TIMEOUT_SECONDS,
# IDLE_IN_TRANSACTION_TIMEOUT_SECONDS (0 none) of the role; ARRIVING (yes or no), whether a move is to bring the data here;
# STACK, APP_NAME and DEPLOYMENT, which are written on what is made; ADOPT, whether what somebody else made is taken over
# (no, yes, or all on a server that is the app's own); SETTINGS, the setting of each database's name, one a line;
# WAIT_SECONDS and GRACE_SECONDS (see waiting.sh).
set -eu
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-bootstrap PGCLIENTENCODING=UTF8
HERE=$(dirname "$0")
STATUS=$(mktemp)
export HERE STATUS
trap 'rm -f "$STATUS"' EXIT
# shellcheck source=components/postgres/scripts/waiting.sh
. "$HERE/waiting.sh"
address="$PGHOST:$PGPORT"

wait_for "$address" "$PGUSER" "$PGPASSWORD" "$ADMIN_SECRET" psql --no-psqlrc --quiet --tuples-only --no-align \
  --field-separator=' ' --command="SELECT current_setting('server_version_num')::int / 10000, pg_is_in_recovery()"
version=${answer%% *}
if [ "$version" -lt 13 ] || [ "$version" -gt 17 ]; then
  refuse "$address is PostgreSQL $version; Airbyte and Dagster need 13 to 17"
fi
if [ "${answer#* }" = t ]; then
  refuse "$address is a standby, which takes no writes: \`host\` must be the primary"
fi

# \password asks twice and sends only a SCRAM verifier. Without a terminal it reads the answers from standard input.
printf '%s\n%s\n' "$APP_PASSWORD" "$APP_PASSWORD" |
  setsid --wait psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --set=username="$APP_USERNAME" --set=databases="$APP_DATABASES" --set=extensions="$APP_EXTENSIONS" \
    --set=settings="$SETTINGS" --set=scram_iterations="$SCRAM_ITERATIONS" --set=connection_limit="$CONNECTION_LIMIT" \
    --set=statement_timeout="$STATEMENT_TIMEOUT_SECONDS" --set=idle_timeout="$IDLE_IN_TRANSACTION_TIMEOUT_SECONDS" \
    --set=arriving="$ARRIVING" --set=stack="$STACK" --set=app="$APP_NAME" --set=deployment="$DEPLOYMENT" \
    --set=adopt="$ADOPT" --set=address="$address" --file="$HERE/bootstrap.sql" || exit 1
# psql cannot end with a code of the script's own; its 3 is for any error of the server, which may be gone next time.
[ ! -s "$STATUS" ] || exit "$(cat "$STATUS")"
printf 'ready: role %s and databases %s\n' "$APP_USERNAME" "$(printf '%s' "$APP_DATABASES" | tr '\n' ' ')"
