#!/bin/sh
# Dumps all databases of an app's role into a new set, with what is needed to compare a restored copy with it.
# Environment: PGHOST, PGPORT, PGUSER, PGPASSWORD (the app's role), PGSSLMODE, PGSSLROOTCERT; APP_NAME; APP_DATABASES (names,
# one per line, the main one first); DATABASE_SECRET, the Secret of user and password; SET, the folder of the set, which is
# created anew; SECRETS, a folder with one folder for each Secret of the app; BACKUP_KEY, the passphrase that Secrets are
# encrypted with; MOMENT, `locked` (one for all databases) or `each` (one for each); JOBS, parallel connections of a dump;
# COMPRESSION, as pg_dump's --compress; STACK, DEPLOYMENT, CHART and PROGRAM, for the manifest; LOCK_ATTEMPTS, of locking all
# tables; EMPTY, `skip` to dump nothing if all databases are empty, and to create the file $SCRATCH/skipped; WAIT_SECONDS and GRACE_SECONDS (see waiting.sh); PROGRESS_SECONDS, the interval of progress reports.
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/backups/scripts/secrets.sh
. "$here/secrets.sh"
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-backup PGCLIENTENCODING=UTF8
# The role's own timeouts must not end a dump. Keepalives detect a broken connection, so that its snapshot is released.
export PGOPTIONS='-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=0 -c client_min_messages=warning -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'
# Names are separated by line breaks, and may contain any other character.
set -f
IFS='
'
umask 077

sql() ( # sql DATABASE ARGUMENT…: psql that stops at the first error and prints rows only
  export PGDATABASE="$1"
  shift
  exec psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"
)

first=${APP_DATABASES%%
*}
begun=$(date +%s)
wait_for "$PGHOST:$PGPORT" "$PGUSER" "$PGPASSWORD" "Secret $DATABASE_SECRET" sql "$first" --command='SHOW server_version_num'
# shellcheck disable=SC2154
server=$((answer / 10000))
tool=$(pg_dump --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
if [ "$server" -gt "$tool" ]; then
  refuse "pg_dump of the image is version $tool, but the server is PostgreSQL $server: set an image of that version"
fi

if [ "$EMPTY" = skip ]; then
  contents=0
  for database in $APP_DATABASES; do
    contents=$((contents + $(sql "$database" --file="$here/move_contents.sql")))
  done
  if [ "$contents" -eq 0 ]; then
    say "the databases are empty: there is nothing to back up"
    : >"$SCRATCH/skipped"
    exit 0
  fi
fi

# What an interrupted run has left. Its sessions end when their folder is gone.
work=$SET.work
rm -rf "$SET" "$work"
mkdir -p "$SET/databases" "$work"

total=0
for database in $APP_DATABASES; do
  total=$((total + 1))
done
export total here

progress=""
stop() {
  rm -rf "$work"
  [ -z "$progress" ] || kill "$progress" 2>/dev/null || true
  wait
}
trap stop EXIT
trap 'exit 143' TERM INT

# Exports a snapshot of each database into the folder $moment; the sessions that hold them end when that is removed. With
# `locked`, all snapshots are taken while no transaction writes to any of the databases.
take_snapshots() {
  number=0 lockers=""
  for database in $APP_DATABASES; do
    number=$((number + 1))
    export number
    sql "$database" --set=locked="$locked" --file="$here/snapshot.sql" >/dev/null 2>"$moment/$number.snapshot.error" &
    [ "$locked" = yes ] || continue
    sql "$database" --file="$here/lock.sql" >/dev/null 2>"$moment/$number.lock.error" &
    lockers="$lockers
$!"
  done
  for locker in $lockers; do
    wait "$locker" || true
  done
  if [ "$locked" = yes ]; then
    # Every lock was held until after the last snapshot.
    [ "$(find "$moment" -name '*.held' | wc -l)" -eq "$total" ]
  else
    timeout 60 sh "$here/barrier.sh" snapshot "$total"
  fi
}

locked=no
# shellcheck disable=SC2153
[ "$MOMENT" != locked ] || locked=yes
attempt=1
while
  export moment="$work/moment$attempt"
  mkdir "$moment"
  ! take_snapshots
do
  reason=$(cat "$moment"/[0-9]*.error 2>/dev/null | sed -n 's/^.*ERROR: *//p' | sort | uniq | head -n 1)
  reason=${reason:-not all databases at the same time}
  rm -rf "$moment"
  wait
  if [ "$attempt" -ge "$LOCK_ATTEMPTS" ]; then
    echo "no moment without writers in $attempt attempts ($reason): a transaction may be open for long, see pg_stat_activity;" \
      "\`backups.moment: each\` needs no such moment" >&2
    exit 1
  fi
  say "attempt $attempt to lock all tables: $reason"
  attempt=$((attempt + 1))
  # Longer than writers were kept waiting.
  sleep 3
done
taken=$(date -u +%Y-%m-%dT%H:%M:%SZ)
say "$total databases as of $taken, $([ "$locked" = yes ] && echo 'all at one moment' || echo 'each at its own moment')"

report_progress() { # report_progress DATABASE FOLDER SINCE, until it is killed
  # Without the script's output: whoever reads that would wait for the last of them.
  while sleep "$PROGRESS_SECONDS" >/dev/null 2>&1 && [ -d "$2" ]; do
    say "$1: $(du -sh "$2" | cut -f 1) written after $(($(date +%s) - $3)) s"
  done
}

number=0
for database in $APP_DATABASES; do
  number=$((number + 1))
  since=$(date +%s)
  folder=$SET/databases/$number
  size=$(sql "$database" --command='SELECT pg_size_pretty(pg_database_size(current_database()))')
  say "database $number of $total, $database: $size"
  snapshot=$(cat "$moment/$number.snapshot")
  report_progress "$database" "$folder" "$since" &
  progress=$!
  sql "$database" --csv --set=definitions=yes --set=snapshot="$snapshot" --file="$here/fingerprint.sql" >"$folder.csv" &
  fingerprint=$!
  # Sequences come before large objects in it. Their values must not be read after pg_dump has read them.
  while ! grep -qs '^large objects,' "$folder.csv" && kill -0 "$fingerprint" 2>/dev/null; do
    sleep 0.1
  done
  # A database's name may look like a connection string or an option.
  PGDATABASE=$database pg_dump --format=directory --jobs="$JOBS" --compress="$COMPRESSION" --snapshot="$snapshot" \
    --no-sync --file="$folder"
  wait "$fingerprint"
  kill "$progress" 2>/dev/null || true
  bytes=$(find "$folder" -type f -exec wc -c '{}' + | awk '$2 != "total" {bytes += $1} END {print bytes}')
  fingerprint="$folder.csv" sql "$database" --set=number="$number" --set=bytes="$bytes" --set=taken="$(cat "$moment/$number.taken")" \
    --file="$here/describe_database.sql" >"$work/$number.json"
  say "$database: $(du -sh "$folder" | cut -f 1) in $(($(date +%s) - since)) s"
done
rm -rf "$moment"

existing=$(existing_secrets)
# A pipe: nothing of the Secrets is written in plain text.
# shellcheck disable=SC2086
{ tar -c -h -v --index-file="$work/secrets" --exclude='..*' -C "$SECRETS" $existing || : >"$work/tar.failed"; } |
  encrypt >"$SET/secrets.enc"
if [ -e "$work/tar.failed" ]; then
  echo "the Secrets cannot be read" >&2
  exit 1
fi
number=0
while [ "$number" -lt "$total" ]; do
  number=$((number + 1))
  cat "$work/$number.json"
done | paste -s -d , - >"$work/databases"
# Encrypted, since a short value could be guessed from it.
checksum=$({ decrypt <"$SET/secrets.enc" | sha256sum; decrypt <"$SET/secrets.enc" | digest_of_secrets; } | encrypt | base64 -w 0)
databases="$work/databases" secrets="$work/secrets" sql "$first" --set=app="$APP_NAME" --set=stack="$STACK" \
  --set=deployment="$DEPLOYMENT" --set=chart="$CHART" --set=program="$PROGRAM" --set=moment="$MOMENT" --set=taken="$taken" \
  --set=name="$(basename "$SET")" --set=secrets_checksum="$checksum" --set=pg_dump="$(pg_dump --version)" --file="$here/manifest.sql" >"$SET/manifest.json"
sh "$here/sums.sh"
say "dumped: $(du -sh "$SET" | cut -f 1) in $(($(date +%s) - begun)) s"
