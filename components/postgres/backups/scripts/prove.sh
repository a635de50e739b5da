#!/bin/sh
# Restores a set into a throw-away server and compares it with what was dumped, and its manifest with both. Writes the outcome to $SET.proven.
# Exit status: 3 if the set is damaged or differs.
# Environment: SET, the folder of the set; SERVER and MEMORY (see throw_away.sh); BACKUP_KEY, the passphrase of the Secrets;
# PRIVATE, a folder in memory; JOBS, parallel connections; PGUSER, APP_NAME, APP_DATABASES, MOMENT, STACK, DEPLOYMENT, CHART and
# PROGRAM, as of dump.sh.
set -eu
here=$(dirname "$0")
# shellcheck disable=SC2034,SC2153
set=$SET work=$SERVER
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/backups/scripts/check_set.sh
. "$here/check_set.sh"
# shellcheck source=components/postgres/backups/scripts/throw_away.sh
. "$here/throw_away.sh"
set -f
umask 077
begun=$(date +%s)
rm -f "$SET.proven"

reject() { # reject REASON
  refuse "the set is damaged:
$1"
}
sql() { # sql DATABASE ARGUMENT…
  database=${1:-postgres}
  shift
  server_sql "$database" "$@"
}

reasons=$(check_files "$SET")
[ -z "$reasons" ] || reject "$reasons"
trap 'stop_server; rm -f "$PRIVATE/secrets.tar"' EXIT
trap 'exit 143' TERM INT
start_server
# Of the app; there is another PGUSER for the throw-away server, in subshells.
# shellcheck disable=SC2031
check_manifest "name $(basename "$SET")
app $APP_NAME
stack $STACK
deployment $DEPLOYMENT
chart $CHART
program $PROGRAM
moment $MOMENT
role $PGUSER" yes
check_archives

role=$(value role)
number=0 rows=0
# shellcheck disable=SC2154
while [ "$number" -lt "$total" ]; do
  number=$((number + 1)) since=$(date +%s)
  sql "" --set=number="$number" --file="$here/create_proof.sql"
  server_client pg_restore --dbname="proof$number" --jobs="$JOBS" --no-owner --role="$role" --exit-on-error \
    "$SET/databases/$number" || reject "its database $number cannot be restored"
  compare_restored "$number" "proof$number"
  counted=$(cd "$SERVER" && sql "" --file="$here/count_rows.sql")
  rows=$((rows + counted))
  say "database $number: identical after a restore, $counted rows, $(($(date +%s) - since)) s"
done
seconds=$(($(date +%s) - begun))
printf '{"proven": "%s", "seconds": %s, "databases": %s, "rows": %s, "server": "%s"}\n' \
  "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$seconds" "$number" "$rows" "$(postgres --version | sed 's/[^0-9]*//')" >"$SET.proving"
mv "$SET.proving" "$SET.proven"
say "proven: $number databases, $rows rows, $seconds s"
