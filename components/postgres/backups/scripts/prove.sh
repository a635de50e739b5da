#!/bin/sh
# Restores a set into a throw-away server and compares it with what was dumped, and its manifest with both. Writes the outcome to $SET.proven.
# Exit status: 3 if the set is damaged or differs.
# Environment: SET, the folder of the set; SERVER and MEMORY (see throw_away.sh); BACKUP_KEY, the passphrase of the Secrets;
# JOBS, parallel connections; PGUSER, APP_NAME, APP_DATABASES, MOMENT, STACK, DEPLOYMENT, CHART and PROGRAM, as of dump.sh.
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/backups/scripts/secrets.sh
. "$here/secrets.sh"
# shellcheck source=components/postgres/backups/scripts/set_files.sh
. "$here/set_files.sh"
# shellcheck source=components/postgres/backups/scripts/throw_away.sh
. "$here/throw_away.sh"
set -f
umask 077
begun=$(date +%s)
rm -f "$SET.proven"

refuse_if() { # refuse_if REASONS: unless there are none
  [ -z "$1" ] || refuse "the set is damaged:
$1"
}

refuse_if "$(check_files "$SET")"
has() { # has FILE: that a restore needs
  [ -s "$SET/$1" ] || refuse "the set is not complete: it has no $1"
}
has manifest.json
has secrets.enc

trap stop_server EXIT
trap 'exit 143' TERM INT
start_server
export manifest="$SET/manifest.json"
value() { # value KEY,…: of the manifest
  server_sql postgres --set=path="$1" --file="$here/manifest_value.sql"
}
[ "$(value format)" = 1 ] || refuse "the set has a format that this version does not read: $(value format)"

# Listed, not written. A pipe does not pass on that the end is missing.
decrypt <"$SET/secrets.enc" >/dev/null 2>&1 || refuse "secrets.enc cannot be decrypted with the backup key"
decrypt <"$SET/secrets.enc" | tar -t >"$SERVER/secrets" 2>/dev/null || refuse "secrets.enc contains no archive"
checksum=$(value secretsChecksum | base64 -d 2>/dev/null | decrypt 2>/dev/null) || true
[ "$(decrypt <"$SET/secrets.enc" | sha256sum)" = "$checksum" ] ||
  refuse "secrets.enc differs from what was dumped"
# Of the app; there is another one for the throw-away server, in subshells.
# shellcheck disable=SC2031
reasons=$(
  secrets="$SERVER/secrets" server_sql postgres --set=name="$(basename "$SET")" --set=app="$APP_NAME" --set=stack="$STACK" \
    --set=deployment="$DEPLOYMENT" --set=chart="$CHART" --set=program="$PROGRAM" --set=moment="$MOMENT" --set=role="$PGUSER" \
    --set=databases="$APP_DATABASES" --file="$here/set_checks.sql"
) || refuse "the manifest of the set cannot be read"
refuse_if "$reasons"

role=$(value role)
definitions=no
[ "$(value major)" != "$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" ] || definitions=yes
number=0 rows=0
total=$(printf '%s\n' "$APP_DATABASES" | wc -l)
refuse_if "$(check_names "$SET" "$total" | sed 's/$/: does not belong there/')"
while [ "$number" -lt "$total" ]; do
  number=$((number + 1)) since=$(date +%s)
  has "databases/$number.csv"
  has "databases/$number/toc.dat"
  server_sql postgres --set=number="$number" --file="$here/create_proof.sql"
  server_client pg_restore --dbname="proof$number" --jobs="$JOBS" --no-owner --role="$role" --exit-on-error \
    "$SET/databases/$number" || refuse "database $number cannot be restored"
  cp "$SET/databases/$number.csv" "$SERVER/source"
  server_sql "proof$number" --csv --set=definitions="$definitions" --file="$here/fingerprint.sql" >"$SERVER/target"
  (cd "$SERVER" && server_sql "proof$number" --file="$here/compare_fingerprints.sql") >"$SERVER/compared" || {
    grep -v '|same$' "$SERVER/compared" >&2 || true
    refuse "database $number differs from what was dumped"
  }
  server_client pg_restore --list "$SET/databases/$number" >"$SERVER/list"
  bytes=$(find "$SET/databases/$number" -type f -exec cat '{}' + | wc -c)
  reasons=$(
    cd "$SERVER"
    list="$SERVER/list" server_sql "proof$number" --set=number="$number" --set=bytes="$bytes" --file="$here/archive_checks.sql"
  ) || refuse "database $number cannot be compared with the manifest"
  refuse_if "$reasons"
  counted=$(cd "$SERVER" && server_sql "proof$number" --file="$here/count_rows.sql")
  rows=$((rows + counted))
  say "database $number: identical after a restore, $counted rows, $(($(date +%s) - since)) s"
done
seconds=$(($(date +%s) - begun))
printf '{"proven": "%s", "seconds": %s, "databases": %s, "rows": %s, "server": "%s"}\n' \
  "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$seconds" "$number" "$rows" "$(postgres --version | sed 's/[^0-9]*//')" >"$SET.proving"
mv "$SET.proving" "$SET.proven"
say "proven: $number databases, $rows rows, $seconds s"
