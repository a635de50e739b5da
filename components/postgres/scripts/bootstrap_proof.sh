#!/bin/sh
# Part of bootstrap.sql: prints `yes` if the password in the app's Secret opens its role, and another one does not. Where
# anybody is let in, that proves nothing. Environment: as of bootstrap.sh.
set -eu

# login PASSWORD: whether the server takes it. Some refusals come after it was taken.
login() {
  for database in "$(printf '%s\n' "$APP_DATABASES" | head -n 1)" "$PGDATABASE"; do
    said=$(
      PGUSER=$APP_USERNAME PGPASSWORD=$1 PGDATABASE=$database psql --no-psqlrc --quiet --command='SELECT 1' 2>&1
    ) && return 0
    case "$said" in
      *"permission denied for database"* | *"not permitted to log in"* | *"too many connections for role"*) return 0 ;;
      *"remaining connection slots"*) return 0 ;;
    esac
  done
  return 1
}

wrong=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
# Once more at the end: else a server that was away for a moment would have refused.
if login "$APP_PASSWORD" && ! login "$wrong" && login "$APP_PASSWORD"; then
  echo yes
else
  echo no
fi
