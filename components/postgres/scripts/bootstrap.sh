#!/bin/sh
# Creates one app's role and databases, or brings existing ones up to date: runs bootstrap.sql as soon as the server accepts
# connections. All checks come first; if one fails, nothing is changed.
# Exit status: 3 if a new attempt would fail in the same way.
# Environment: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD (admin); ADMIN_SECRET, the name for messages of the Secret that
# holds the last two; APP_USERNAME, APP_PASSWORD and its SCRAM verifier, APP_VERIFIER; APP_DATABASES (names, one per line);
# APP_EXTENSIONS (database:extension, one per line); CONNECTION_LIMIT (-1: none), STATEMENT_TIMEOUT_SECONDS and
# IDLE_IN_TRANSACTION_TIMEOUT_SECONDS (0: none) of the role; ARRIVING (yes or no), whether this server is the target of a
# move; STACK, APP_NAME and DEPLOYMENT, which identify the creator in the marks on role and databases; ADOPT, whether
# existing objects of other creators are taken over (no; yes, those without a creator; copy, also those of other stacks, on a
# server that was restored; all, on a server that only this app uses); SETTINGS, the
# stack-file setting of each database's name, one per line; WAIT_SECONDS and GRACE_SECONDS (see waiting.sh).
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
  refuse "$address is PostgreSQL $version; Airbyte and Dagster need version 13 to 17"
fi
if [ "${answer#* }" = t ]; then
  refuse "$address is a standby, which is read-only: set \`host\` to the primary"
fi

# psql reads the verifier from the environment: arguments are visible to others.
: "${APP_VERIFIER:?}"
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
  --set=username="$APP_USERNAME" --set=databases="$APP_DATABASES" --set=extensions="$APP_EXTENSIONS" \
  --set=settings="$SETTINGS" --set=connection_limit="$CONNECTION_LIMIT" \
  --set=statement_timeout="$STATEMENT_TIMEOUT_SECONDS" --set=idle_timeout="$IDLE_IN_TRANSACTION_TIMEOUT_SECONDS" \
  --set=arriving="$ARRIVING" --set=stack="$STACK" --set=app="$APP_NAME" --set=deployment="$DEPLOYMENT" \
  --set=adopt="$ADOPT" --set=address="$address" --file="$HERE/bootstrap.sql" </dev/null || exit 1
# A script cannot set psql's exit status, and psql's own 3 stands for any SQL error, which may be temporary.
[ ! -s "$STATUS" ] || exit "$(cat "$STATUS")"
printf 'ready: role %s and databases %s\n' "$APP_USERNAME" "$(printf '%s' "$APP_DATABASES" | tr '\n' ' ')"
