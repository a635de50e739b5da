#!/bin/sh
# Checks that an existing role and its databases meet an app's requirements, and reports all that is missing in one message.
# Changes nothing and needs no privileges but the role's own. Exit status: 3 if a requirement is not met.
# Environment: PGHOST, PGPORT, PGUSER, PGPASSWORD (the app's role); APP_NAME; APP_DATABASES (names, one per line); SETTINGS,
# the stack-file setting of each database's name, one per line; APP_EXTENSIONS (database:extension, one per line);
# CONNECTIONS, the lowest number that the app works with; WAIT_SECONDS and GRACE_SECONDS (see waiting.sh).
set -eu
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-check PGCLIENTENCODING=UTF8
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# Names are separated by line breaks, and may contain any other character.
set -f
IFS='
'
missing=$(mktemp)
trap 'rm -f "$missing"' EXIT

# Errors that follow a successful authentication concern one database and are reported with all other findings.
log_in() { # log_in DATABASE ARGUMENT…
  database=$1
  shift
  output=$(PGDATABASE=$database psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@" 2>&1) || {
    case "$output" in
      *"database "*" does not exist"*)
        output="database $database does not exist: run CREATE DATABASE … OWNER $PGUSER ENCODING 'UTF8' TEMPLATE template0, or change \`$setting\`" ;;
      *"permission denied for database"*)
        output="role $PGUSER has no CONNECT privilege on database $database: run GRANT CONNECT ON DATABASE … TO …" ;;
      *"not currently accepting connections"*)
        output="database $database does not accept connections: run ALTER DATABASE … ALLOW_CONNECTIONS true" ;;
      *) printf '%s\n' "$output" >&2; return 1 ;;
    esac
  }
}
first=$(printf '%s\n' "$APP_DATABASES" | head -n 1) setting=""
wait_for "$PGHOST:$PGPORT" "$PGUSER" "$PGPASSWORD" "lakehouse:${APP_NAME}Password" log_in "$first" --command='SELECT 1'

number=0
for name in $APP_DATABASES; do
  number=$((number + 1))
  setting=$(printf '%s\n' "$SETTINGS" | sed -n "${number}p")
  log_in "$name" --set=extensions="$APP_EXTENSIONS" --set=connections="$CONNECTIONS" --set=app="$APP_NAME" \
    --file="$here/check.sql"
  [ -z "$output" ] || printf '%s\n' "$output" >>"$missing"
done
if [ -s "$missing" ]; then
  refuse "$PGHOST:$PGPORT does not meet the requirements of $APP_NAME; nothing was changed:
$(sort -u "$missing" | sed 's/^/- /')"
fi
echo "ready: role $PGUSER and its databases meet the requirements of $APP_NAME"
