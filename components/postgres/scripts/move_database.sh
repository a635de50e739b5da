#!/bin/sh
# To be read by move_steps.sh: one database is given room, copied and compared.
: "${here:?}" "${SOURCE_MAJOR:?}" "${TARGET_MAJOR:?}" "${PROGRESS_SECONDS:?}"

size_of() { # size_of SIDE DATABASE
  sql "$1" "" --set=database="$2" --file="$here/move_size.sql"
}

# Roles, beside the app's and the admin's, that the source's database knows and the target does not; empty if none.
roles_missing() { # roles_missing DATABASE
  known=$(sql source "$1" --file="$here/move_roles.sql")
  sql target "" --set=roles="$known" --file="$here/move_roles_missing.sql"
}

# An empty database that is marked as a copy in the making, whatever was there. Whether it may go was looked at before.
make_room() { # make_room DATABASE ID
  things=0
  if [ "$(t "$1" "$IS_THERE")" = yes ]; then
    things=$(sql target "$1" --file="$here/move_contents.sql")
  fi
  sql target "" --set=database="$1" --set=id="$2" --set=server="$(address source)" --set=things="$things" \
    --file="$here/move_room.sql"
}

copy() { # copy DATABASE
  copying=$(date +%s)
  folder=$(mktemp -d)
  tell_progress "$1" "$copying" &
  progress=$!
  # Schemas, extensions and types first: extensions are made by who may make them.
  on source "$1" pg_dump --format=custom --section=pre-data --no-owner --file="$folder/schema"
  pg_restore --list "$folder/schema" >"$folder/list"
  restore_schema "$1" '^[0-9]+; [0-9]+ [0-9]+ SCHEMA ' ""
  sql source "$1" --file="$here/move_extensions.sql" >"$folder/extensions"
  sql target "$1" --file="$folder/extensions"
  restore_schema "$1" '' '^[0-9]+; [0-9]+ [0-9]+ (SCHEMA|EXTENSION|COMMENT - EXTENSION) '
  # Then rows, large objects and sequences; then indexes, keys and triggers.
  mkfifo "$folder/rows"
  on source "$1" pg_dump --format=plain --section=data --section=post-data --no-owner >"$folder/rows" &
  dump=$!
  restored=0
  as_owner <"$folder/rows" "$1" || restored=$?
  dumped=0
  wait "$dump" || dumped=$?
  end_progress
  rm -rf "$folder"
  if [ "$restored" -ne 0 ] || [ "$dumped" -ne 0 ]; then
    echo "the copy of $1 was cut: pg_dump ended with $dumped, psql with $restored" >&2
    return 1
  fi
  take_settings "$1"
  on target "$1" psql --no-psqlrc --quiet --command='SET client_min_messages = error' --command=ANALYZE
  say "$1: copied in $(($(date +%s) - copying)) s"
}

end_progress() {
  if [ -n "${progress:-}" ]; then
    kill "$progress" 2>/dev/null || true
    progress=""
  fi
}

# Restores the entries of the list that match KEEP and not DROP, in the list's order.
restore_schema() { # restore_schema DATABASE KEEP DROP
  grep -E "${2:-.}" "$folder/list" | grep -Ev "${3:-^;}" >"$folder/chosen" || true
  if [ -s "$folder/chosen" ]; then
    pg_restore --no-owner --use-list="$folder/chosen" --file="$folder/chosen.sql" "$folder/schema"
    as_owner <"$folder/chosen.sql" "$1"
  fi
}

# Runs a dump's script as the app's role, so that it owns what is made.
as_owner() { # as_owner DATABASE <SCRIPT
  {
    cat "$here/move_owner.sql"
    if [ "$TARGET_MAJOR" -lt 17 ]; then
      # Tools of version 17 set this at the very start; older servers do not know it.
      sed '1,/^SET transaction_timeout = 0;$/{/^SET transaction_timeout = 0;$/d;}'
    else
      cat
    fi
  } | sql target "$1" >/dev/null
}

# What pg_dump leaves to who makes the database: its settings, and who may connect. What the target's admin may not set
# is told, not fatal.
take_settings() { # take_settings DATABASE
  sql source "" --set=database="$1" --set=roles="$(sql target "" --file="$here/move_all_roles.sql")" \
    --file="$here/move_settings.sql" |
    on target "" psql --no-psqlrc --quiet 2>&1 | sed 's/^/not taken over: /'
}

tell_progress() { # tell_progress DATABASE SINCE, until it is killed
  while sleep "$PROGRESS_SECONDS" >/dev/null 2>&1; do
    say "$1: $(size_of target "$1" || echo '?') of $(size_of source "$1" || echo '?') after $(($(date +%s) - $2)) s"
  done
}

# Every table, sequence and large object on both sides, by rows and checksum, and everything else by number.
compare() { # compare DATABASE
  comparing=$(date +%s)
  folder=$(mktemp -d)
  definitions=no
  [ "$SOURCE_MAJOR" -ne "$TARGET_MAJOR" ] || definitions=yes
  sql source "$1" --csv --set=definitions="$definitions" --file="$here/move_fingerprint.sql" >"$folder/source" &
  theirs=$!
  sql target "$1" --csv --set=definitions="$definitions" --file="$here/move_fingerprint.sql" >"$folder/target"
  wait "$theirs"
  differ=0
  (
    cd "$folder"
    on target "$1" psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file="$here/move_compare.sql"
  ) || differ=$?
  rm -rf "$folder"
  if [ "$differ" -ne 0 ]; then
    refuse "$1: the copy differs from its source"
  fi
  say "$1: identical, compared in $(($(date +%s) - comparing)) s"
}
