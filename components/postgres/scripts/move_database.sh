#!/bin/sh
# Sourced by move_steps.sh: creates one database on the target, copies it and compares it.
: "${here:?}" "${SOURCE_MAJOR:?}" "${TARGET_MAJOR:?}" "${PROGRESS_SECONDS:?}"

size_of() { # size_of SIDE DATABASE
  sql "$1" "" --set=database="$2" --file="$here/move_size.sql"
}

# Roles, beside the app's and the admin, to which the source's database refers and that the target does not have.
roles_missing() { # roles_missing DATABASE
  referenced=$(sql source "$1" --file="$here/move_roles.sql")
  sql target "" --set=roles="$referenced" --file="$here/move_roles_missing.sql"
}

# Creates an empty database that is marked as a copy in progress. An existing one is dropped, which was checked before.
create_empty_database() { # create_empty_database DATABASE ID
  objects=0
  if [ "$(t "$1" "$EXISTS")" = yes ]; then
    objects=$(sql target "$1" --file="$here/move_contents.sql")
  fi
  sql target "" --set=database="$1" --set=id="$2" --set=server="$(address source)" --set=objects="$objects" \
    --file="$here/move_empty_database.sql"
}

copy() { # copy DATABASE
  copying=$(date +%s)
  folder=$(mktemp -d)
  report_progress "$1" "$copying" &
  progress=$!
  # Schemas, extensions and types first. The admin creates the extensions, since the app's role may lack the privilege.
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
    echo "copying $1 failed: exit status of pg_dump $dumped, of psql $restored" >&2
    return 1
  fi
  copy_settings "$1"
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

# Runs a dump's script as the app's role, which then owns the objects.
as_owner() { # as_owner DATABASE <SCRIPT
  {
    cat "$here/move_owner.sql"
    if [ "$TARGET_MAJOR" -lt 17 ]; then
      # pg_dump 17 writes this setting, which older servers do not have.
      sed '1,/^SET transaction_timeout = 0;$/{/^SET transaction_timeout = 0;$/d;}'
    else
      cat
    fi
  } | sql target "$1" >/dev/null
}

# Copies what pg_dump writes only with --create: the database's settings and privileges. Those that the target's admin is not
# permitted to set are reported and left out.
copy_settings() { # copy_settings DATABASE
  sql source "" --set=database="$1" --set=roles="$(sql target "" --file="$here/move_all_roles.sql")" \
    --file="$here/move_settings.sql" |
    on target "" psql --no-psqlrc --quiet 2>&1 | sed 's/^/not copied: /'
}

report_progress() { # report_progress DATABASE SINCE, until it is killed
  while sleep "$PROGRESS_SECONDS" >/dev/null 2>&1; do
    say "$1: $(size_of target "$1" || echo '?') of $(size_of source "$1" || echo '?') after $(($(date +%s) - $2)) s"
  done
}

# Compares the fingerprints of source and target.
compare() { # compare DATABASE
  comparing=$(date +%s)
  folder=$(mktemp -d)
  definitions=no
  [ "$SOURCE_MAJOR" -ne "$TARGET_MAJOR" ] || definitions=yes
  sql source "$1" --csv --set=definitions="$definitions" --file="$here/fingerprint.sql" >"$folder/source" &
  source_fingerprint=$!
  sql target "$1" --csv --set=definitions="$definitions" --file="$here/fingerprint.sql" >"$folder/target"
  wait "$source_fingerprint"
  differ=0
  (
    cd "$folder"
    on target "$1" psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=live=no --file="$here/compare_fingerprints.sql"
  ) || differ=$?
  rm -rf "$folder"
  if [ "$differ" -ne 0 ]; then
    refuse "$1: the copy differs from the source"
  fi
  say "$1: identical, compared in $(($(date +%s) - comparing)) s"
}
