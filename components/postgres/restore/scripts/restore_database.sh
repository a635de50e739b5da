#!/bin/sh
# Sourced by restore_steps.sh: restores one database beside the app's and compares it with what was dumped.
: "${here:?}" "${set:?}" "${work:?}" "${PROGRESS_SECONDS:?}"

copy_of() { # copy_of DATABASE: name of the copy while it is incomplete
  sql "" --set=database="$1" --file="$here/restore_copy_name.sql"
}

restore_copy() { # restore_copy NUMBER DATABASE
  since=$(date +%s)
  archive=$set/databases/$1 list=$work/$1.list
  copy=$(copy_of "$2")
  size=$(value "databases,$(($1 - 1)),size")
  # shellcheck disable=SC2154
  say "database $1 of $total, $2: $((size / 1048576)) MiB"
  sql "" --set=copy="$copy" --file="$here/restore_create.sql"
  report_progress "$2" "$copy" "$since" &
  progress=$!
  restore_part --role="$APP_USERNAME" '^[0-9]+; [0-9]+ [0-9]+ SCHEMA ' '' || refuse_damaged "$1"
  # The app's role may lack the privilege to create an extension.
  restore_part --role="$APP_USERNAME" '^[0-9]+; [0-9]+ [0-9]+ EXTENSION ' '' ||
    restore_part --no-comments '^[0-9]+; [0-9]+ [0-9]+ EXTENSION ' '' || refuse_damaged "$1"
  restore_part --role="$APP_USERNAME" '' '^[0-9]+; [0-9]+ [0-9]+ (SCHEMA|EXTENSION|COMMENT - EXTENSION) ' ||
    refuse_damaged "$1"
  end_progress
  sql "$copy" --command='SET client_min_messages = error' --command=ANALYZE
  compare_restored "$1" "$copy"
  # What pg_dump writes only with --create comes from the app's database: settings and privileges.
  sql "" --set=database="$2" --set=target="$copy" --set=roles="$(sql "" --file="$here/move_all_roles.sql")" \
    --file="$here/move_settings.sql" >"$work/settings"
  psql --no-psqlrc --quiet --file="$work/settings" 2>&1 | sed 's/^/not copied: /'
  say "$2: restored and identical with what was dumped, $(($(date +%s) - since)) s"
}

# Restores the entries of the list that match KEEP and not DROP, in the list's order.
restore_part() { # restore_part OPTION KEEP DROP
  grep -E "${2:-.}" "$list" | grep -Ev "${3:-^;}" >"$work/chosen" || true
  grep -qv '^;' "$work/chosen" || return 0
  PGDATABASE=$copy pg_restore --dbname= --no-owner --exit-on-error --jobs="$JOBS" --use-list="$work/chosen" "$1" \
    "$archive" 2>"$work/error"
}

refuse_damaged() { # refuse_damaged NUMBER
  cat "$work/error" >&2
  # shellcheck disable=SC2154
  refuse "database $1 of set $name cannot be restored, and nothing was changed"
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
