#!/bin/sh
# Part of bootstrap.sql: prints `yes` if the server accepts the password in the app's Secret for its role and rejects a
# random one. A server with `trust` authentication accepts both, which proves nothing. Environment: as in bootstrap.sh.
set -eu

# login PASSWORD: whether the server accepts it. Some errors occur only after a successful authentication.
login() {
  for database in "$(printf '%s\n' "$APP_DATABASES" | head -n 1)" "$PGDATABASE"; do
    output=$(
      PGUSER=$APP_USERNAME PGPASSWORD=$1 PGDATABASE=$database psql --no-psqlrc --quiet --command='SELECT 1' 2>&1
    ) && return 0
    case "$output" in
      *"permission denied for database"* | *"not permitted to log in"* | *"too many connections for role"*) return 0 ;;
      *"remaining connection slots"*) return 0 ;;
    esac
  done
  return 1
}

wrong=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
# The right password is tried again at the end: the wrong one could have failed because the server was unavailable.
if login "$APP_PASSWORD" && ! login "$wrong" && login "$APP_PASSWORD"; then
  echo yes
else
  echo no
fi
