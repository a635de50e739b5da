#!/bin/sh
# Looks whether an app has all it needs with a role and databases that somebody else made, and says everything that is
# missing in one message. Changes nothing and needs no rights but the role's own. Ends with 3 if something is missing.
# Environment: PGHOST, PGPORT, PGUSER, PGPASSWORD (the app's role); APP_NAME; APP_DATABASES (names, one a line); SETTINGS,
# the setting of each database's name, one a line; APP_EXTENSIONS (database:extension, one a line); CONNECTIONS, the fewest
# that the app works with; WAIT_SECONDS and GRACE_SECONDS (see waiting.sh).
set -eu
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-check PGCLIENTENCODING=UTF8
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# Names are apart by lines, and may hold anything else.
set -f
IFS='
'
missing=$(mktemp)
trap 'rm -f "$missing"' EXIT

# What keeps the role out of a database comes after its password was taken, and is told with all the rest.
log_in() { # log_in DATABASE ARGUMENT…
  database=$1
  shift
  said=$(PGDATABASE=$database psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@" 2>&1) || {
    case "$said" in
      *"database "*" does not exist"*)
        said="database $database does not exist: CREATE DATABASE … OWNER $PGUSER ENCODING 'UTF8' TEMPLATE template0, or name another \`$setting\`" ;;
      *"permission denied for database"*) said="role $PGUSER may not connect to database $database: GRANT CONNECT ON DATABASE … TO …" ;;
      *"not currently accepting connections"*) said="database $database takes no connections: ALTER DATABASE … ALLOW_CONNECTIONS true" ;;
      *) printf '%s\n' "$said" >&2; return 1 ;;
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
  [ -z "$said" ] || printf '%s\n' "$said" >>"$missing"
done
if [ -s "$missing" ]; then
  refuse "$PGHOST:$PGPORT: not all is there that $APP_NAME needs; nothing was changed there
$(sort -u "$missing" | sed 's/^/- /')"
fi
echo "ready: role $PGUSER has all that $APP_NAME needs"
