#!/bin/sh
# The steps of restore.sh, while it holds the lock. Environment: as there; LOCK, the process id of the session with the lock.
set -eu
here=$(dirname "$0")
# shellcheck disable=SC2034
set=$SCRATCH/set work=$SCRATCH/work
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/backups/scripts/check_set.sh
. "$here/check_set.sh"
# shellcheck source=components/postgres/restore/scripts/restore_apps.sh
. "$here/restore_apps.sh"
# shellcheck source=components/postgres/restore/scripts/restore_database.sh
. "$here/restore_database.sh"
# shellcheck source=components/postgres/restore/scripts/restore_secrets.sh
. "$here/restore_secrets.sh"
# Names are separated by line breaks, and may contain any other character.
set -f
IFS='
'
umask 077
begun=$(date +%s)
rm -rf "$work"
mkdir "$work"

sql() ( # sql DATABASE ARGUMENT…: psql that stops at the first error and prints rows only; the admin's database if empty
  # A database's name may look like a connection string or an option.
  export PGDATABASE="${1:-$PGDATABASE}"
  shift
  exec psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --set=username="$APP_USERNAME" \
    --set=databases="$APP_DATABASES" --set=run="$RUN" "$@"
)

reject() { # reject REASON
  refuse "set $name is not one to restore here, and nothing was changed:
$1
$(cat "$SCRATCH/advice")"
}

listed() { # the databases' names for messages
  printf '%s\n' "$APP_DATABASES" | sed '$!s/$/, /' | tr -d '\n'
}

outcome() { # outcome WORD: for whoever looks at the pod
  printf '{"restored": "%s", "into": "%s", "outcome": "%s", "seconds": %s}\n' \
    "$name" "$INTO" "$1" "$(($(date +%s) - begun))" >"$OUTCOME"
}

name=$(cat "$SCRATCH/name")
state=$(sql "" --file="$here/restore_state.sql")
case "$INTO,$state" in
  live,this | new,this)
    say "$name was already restored by an earlier attempt of this Job"
    read_secrets
    restore_secrets
    start_apps
    outcome restored
    exit 0
    ;;
  "new,began as "*)
    [ "$WANTED" = newest ] || [ "$WANTED" = "${state#began as }" ] ||
      refuse "the databases $(listed) began as the set ${state#began as }, not as $WANTED: \`restoreFrom\` is for a new server"
    say "nothing to restore: the databases $(listed) began as the set ${state#began as }"
    outcome "restored before"
    exit 0
    ;;
esac

[ -s "$set/SHA256SUMS" ] || refuse "there is no fetched set"
if [ -n "$(find "$set" -name '*.age' | head -n 1)" ]; then
  refuse "the set is encrypted with age: set \`backups.encryption\`, whose image decrypts it; nothing was changed"
fi
known="name $name
app $APP_NAME
stack $SET_STACK"
# Another stack may have other names.
if [ "$FOREIGN" = yes ]; then
  check_manifest "$known" no
else
  check_manifest "$known
role $APP_USERNAME" yes
fi
refusals=$(
  sql "" --set=app="$APP_NAME" --set=chart="$CHART" --set=into="$INTO" \
    --set=tool="$(pg_restore --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" --file="$here/restore_checks.sql"
)
[ -z "$refusals" ] || refuse "set $name cannot be restored, and nothing was changed:
$refusals"
check_archives
empty=""
for database in $APP_DATABASES; do
  if [ "$(sql "" --set=database="$database" --file="$here/restore_exists.sql")" -eq 0 ]; then
    say "database $database does not exist"
  elif [ "$(sql "$database" --file="$here/move_contents.sql")" -eq 0 ]; then
    empty="$empty$database
"
  elif [ "$INTO" = new ]; then
    refuse "database $database is not empty: \`restoreFrom\` is for a new server; nothing was changed." \
      "To restore into the databases of a running app, see docs/backups.md, Restore"
  fi
done

say "restoring $name of $(value taken), $total databases, beside those of the app, which runs on"
trap 'end_progress; drop_copies' EXIT
trap 'exit 143' TERM INT
number=0
for database in $APP_DATABASES; do
  number=$((number + 1))
  restore_copy "$number" "$database"
done

stamp=$(date -u +%Y%m%dT%H%M%SZ)
exchange() { # exchange WORD: gives the copies their names, and the databases that have these another one with that word
  sql "" --set=word="$1" --set=stamp="$stamp" --set=set="$name" --set=into="$INTO" --set=lock="$LOCK" \
    --file="$here/restore_exchange.sql" 2>"$work/error"
}

if [ "$INTO" = beside ]; then
  exchange restored || { cat "$work/error" >&2; exit 1; }
  say "restored beside those of the app, which was not stopped: $(sql "" --set=word=restored --set=stamp="$stamp" --file="$here/restore_names.sql")"
  outcome restored
  exit 0
fi

stopped=$(date +%s)
trap 'end_progress; drop_copies; start_apps' EXIT
stop_apps
# The app of a new server does not run yet, and must not start without them.
[ "$INTO" != new ] || restore_secrets
attempt=1
until exchange before; do
  # A session that has begun since those of the databases were ended.
  if [ "$attempt" -ge 10 ] || ! grep -q "is being accessed by other users" "$work/error"; then
    cat "$work/error" >&2
    say "NOT restored: the app's databases are unchanged"
    exit 1
  fi
  say "attempt $attempt: $(sed -n 's/^DETAIL: *//p' "$work/error")"
  attempt=$((attempt + 1))
done
for database in $empty; do
  sql "" --set=word=before --set=stamp="$stamp" --set=database="$database" --file="$here/restore_drop_empty.sql"
done
[ "$INTO" = new ] || restore_secrets
trap - EXIT
rm -rf "$work"
start_apps
say "restored: $name into $(listed); the app was down for $(($(date +%s) - stopped)) s of $(($(date +%s) - begun)) s"
kept=$(sql "" --set=word=before --set=stamp="$stamp" --file="$here/restore_names.sql")
if [ -n "$kept" ]; then
  say "the old databases are kept as: $kept"
  say "once the app is as it should be, drop them: DROP DATABASE \"…\""
fi
outcome restored
