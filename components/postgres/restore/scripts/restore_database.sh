#!/bin/sh
# Sourced by restore_steps.sh: restores one database beside the app's and compares it with what was dumped.
: "${here:?}" "${set:?}" "${work:?}" "${PROGRESS_SECONDS:?}"

copy_of() { # copy_of DATABASE: name of the copy while it is incomplete
  sql "" --set=database="$1" --file="$here/restore_copy_name.sql"
}

restore_copy() { # restore_copy NUMBER DATABASE
  since=$(date +%s)
  archive=$set/databases/$1
  copy=$(copy_of "$2")
  size=$(value "databases,$(($1 - 1)),size")
  # shellcheck disable=SC2154
  say "database $1 of $total, $2: $((size / 1048576)) MiB"
  sql "" --set=copy="$copy" --file="$here/restore_create.sql"
  report_progress "$2" "$copy" "$since" &
  progress=$!
  pg_restore --list "$archive" >"$work/list" || refuse "database $1 of the set is damaged; nothing was changed"
  restore_part --role="$APP_USERNAME" '^[0-9]+; [0-9]+ [0-9]+ SCHEMA ' '' || refuse_damaged "$1"
  # The app's role may lack the privilege to create an extension.
  restore_part --role="$APP_USERNAME" '^[0-9]+; [0-9]+ [0-9]+ EXTENSION ' '' ||
    restore_part --no-comments '^[0-9]+; [0-9]+ [0-9]+ EXTENSION ' '' || refuse_damaged "$1"
  restore_part --role="$APP_USERNAME" '' '^[0-9]+; [0-9]+ [0-9]+ (SCHEMA|EXTENSION|COMMENT - EXTENSION) ' ||
    refuse_damaged "$1"
  end_progress
  sql "$copy" --command='SET client_min_messages = error' --command=ANALYZE
  compare_copy "$1"
  # What pg_dump writes only with --create comes from the app's database: settings and privileges.
  sql "" --set=database="$2" --set=target="$copy" --set=roles="$(sql "" --file="$here/move_all_roles.sql")" \
    --file="$here/move_settings.sql" >"$work/settings"
  psql --no-psqlrc --quiet --file="$work/settings" 2>&1 | sed 's/^/not copied: /'
  say "$2: restored and identical with what was dumped, $(($(date +%s) - since)) s"
}

# Restores the entries of the list that match KEEP and not DROP, in the list's order.
restore_part() { # restore_part OPTION KEEP DROP
  grep -E "${2:-.}" "$work/list" | grep -Ev "${3:-^;}" >"$work/chosen" || true
  grep -qv '^;' "$work/chosen" || return 0
  PGDATABASE=$copy pg_restore --dbname= --no-owner --exit-on-error --jobs="$JOBS" --use-list="$work/chosen" "$1" \
    "$archive" 2>"$work/error"
}

refuse_damaged() { # refuse_damaged NUMBER
  cat "$work/error" >&2
  refuse "database $1 of the set cannot be restored; nothing was changed"
}

compare_copy() { # compare_copy NUMBER; reads copy
  definitions=no
  [ "$(value major)" != "$(($(sql "" --command='SHOW server_version_num') / 10000))" ] || definitions=yes
  cp "$set/databases/$1.csv" "$work/source"
  sql "$copy" --csv --set=definitions="$definitions" --file="$here/fingerprint.sql" >"$work/target"
  (cd "$work" && sql "" --file="$here/compare_fingerprints.sql") >"$work/compared" || {
    grep -v '|same$' "$work/compared" >&2 || true
    refuse "database $1 differs from what was dumped; nothing was changed"
  }
}

report_progress() { # report_progress DATABASE COPY SINCE, until it is killed
  while sleep "$PROGRESS_SECONDS" >/dev/null 2>&1; do
    written=$(sql "" --set=database="$2" --file="$here/move_size.sql") || written='?'
    say "$1: $written after $(($(date +%s) - $3)) s"
  done
}

end_progress() {
  if [ -n "${progress:-}" ]; then
    kill "$progress" 2>/dev/null || true
    progress=""
  fi
}

# Incomplete copies, which nothing else uses.
drop_copies() {
  # `refuse` has changed it.
  IFS='
'
  for database in $APP_DATABASES; do
    sql "" --set=copy="$(copy_of "$database")" --file="$here/restore_drop.sql" || true
  done
  rm -rf "$work"
}
