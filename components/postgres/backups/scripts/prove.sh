#!/bin/sh
# Restores a set into a throw-away server and compares it with what was dumped. Writes the outcome to $SET.proven.
# Exit status: 3 if the set is damaged or differs.
# Environment: SET, the folder of the set; SERVER and MEMORY (see throw_away.sh); BACKUP_KEY, the passphrase of the Secrets;
# JOBS, parallel connections.
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/backups/scripts/throw_away.sh
. "$here/throw_away.sh"
set -f
umask 077
begun=$(date +%s)
rm -f "$SET.proven"

[ -s "$SET/SHA256SUMS" ] || refuse "the set is not complete: it has no SHA256SUMS"
(cd "$SET" && sha256sum --quiet --check SHA256SUMS >&2) || refuse "the set is damaged: see the files above"
# Asked of the set for each file that a restore needs: SHA256SUMS itself may have lost a line.
has() {
  grep -qF "  ./$1" "$SET/SHA256SUMS" && [ -s "$SET/$1" ] || refuse "the set is not complete: it has no $1"
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

# Listed, not written.
openssl enc -d -aes-256-cbc -pbkdf2 -iter 100000 -pass env:BACKUP_KEY -in "$SET/secrets.enc" 2>/dev/null |
  tar -t >"$SERVER/secrets" 2>/dev/null || refuse "secrets.enc cannot be decrypted with the backup key"
number=0
while name=$(value "secrets,$number") && [ -n "$name" ]; do
  number=$((number + 1))
  grep -qxF "./$name/" "$SERVER/secrets" || refuse "secrets.enc does not contain the Secret $name"
done

role=$(value role)
definitions=no
[ "$(value major)" != "$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" ] || definitions=yes
number=0 rows=0
while [ -n "$(value "databases,$number,number")" ]; do
  number=$((number + 1)) since=$(date +%s)
  has "databases/$number.csv"
  has "databases/$number/toc.dat"
  server_sql postgres --set=number="$number" --file="$here/create_proof.sql"
  server_client pg_restore --dbname="proof$number" --jobs="$JOBS" --no-owner --role="$role" --exit-on-error \
    "$SET/databases/$number" || refuse "database $number cannot be restored"
  cp "$SET/databases/$number.csv" "$SERVER/source"
  server_sql "proof$number" --csv --set=definitions="$definitions" --file="$here/fingerprint.sql" >"$SERVER/target"
  (cd "$SERVER" && server_sql "proof$number" --file="$here/compare_fingerprints.sql") >"$SERVER/compared" || {
    grep -v '|same$' "$SERVER/compared" >&2
    refuse "database $number differs from what was dumped"
  }
  counted=$(cd "$SERVER" && server_sql "proof$number" --file="$here/count_rows.sql")
  rows=$((rows + counted))
  say "database $number: identical after a restore, $counted rows, $(($(date +%s) - since)) s"
done
[ "$number" -gt 0 ] || refuse "the set has no databases"
seconds=$(($(date +%s) - begun))
printf '{"proven": "%s", "seconds": %s, "databases": %s, "rows": %s, "server": "%s"}\n' \
  "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$seconds" "$number" "$rows" "$(postgres --version | sed 's/[^0-9]*//')" >"$SET.proving"
mv "$SET.proving" "$SET.proven"
say "proven: $number databases, $rows rows, $seconds s"
