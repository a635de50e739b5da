#!/bin/sh
# Sourced by the scripts of a move, after waiting.sh: connections to source and target.
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-move PGCLIENTENCODING=UTF8
# No timeouts of the admin role during a copy; keepalives detect broken connections soon, so that their locks are released.
export PGOPTIONS='-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=0 -c client_min_messages=warning -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'

# on SIDE DATABASE COMMAND…: runs a client that connects to `source` or `target`; to the admin's database if DATABASE is
# empty. Only the environment of this client contains the password.
on() (
  if [ "$1" = source ]; then
    export PGHOST="$SOURCE_HOST" PGPORT="$SOURCE_PORT" PGSSLMODE="$SOURCE_SSLMODE" PGUSER="$SOURCE_USER"
    export PGPASSWORD="$SOURCE_PASSWORD" PGSSLROOTCERT="$SOURCE_CA" PGDATABASE="${2:-$SOURCE_DATABASE}"
  else
    export PGHOST="$TARGET_HOST" PGPORT="$TARGET_PORT" PGSSLMODE="$TARGET_SSLMODE" PGUSER="$TARGET_USER"
    export PGPASSWORD="$TARGET_PASSWORD" PGSSLROOTCERT="$TARGET_CA" PGDATABASE="${2:-$TARGET_DATABASE}"
  fi
  [ -n "$PGSSLROOTCERT" ] || unset PGSSLROOTCERT
  shift 2
  exec "$@"
)

# sql SIDE DATABASE ARGUMENT…: psql that stops at the first error and prints rows only, with tabs between the values.
sql() (
  side=$1 database=$2
  shift 2
  on "$side" "$database" psql --no-psqlrc --quiet --tuples-only --no-align --field-separator='	' \
    --set=ON_ERROR_STOP=1 --set=username="$APP_USERNAME" "$@"
)

# address SIDE: the server's address for messages.
address() {
  if [ "$1" = source ]; then echo "$SOURCE_HOST:$SOURCE_PORT"; else echo "$TARGET_HOST:$TARGET_PORT"; fi
}

# reach SIDE: waits until the server accepts connections.
reach() {
  if [ "$1" = source ]; then
    wait_for "$(address source), the source," "$SOURCE_USER" "$SOURCE_PASSWORD" "$SOURCE_SECRET" sql source "" --command='SELECT 1'
  else
    wait_for "$(address target), the target," "$TARGET_USER" "$TARGET_PASSWORD" "$TARGET_SECRET" sql target "" --command='SELECT 1'
  fi
}

# The databases' names for messages.
listed() {
  printf '%s' "$APP_DATABASES" | tr '\n' ' '
}

major() {
  number=$(sql "$1" "" --command='SHOW server_version_num')
  echo $((number / 10000))
}

# Sets SOURCE_MAJOR and TARGET_MAJOR.
check_versions() {
  SOURCE_MAJOR=$(major source) TARGET_MAJOR=$(major target)
  export SOURCE_MAJOR TARGET_MAJOR
  tool=$(pg_dump --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
  if [ "$SOURCE_MAJOR" -gt "$tool" ] || [ "$TARGET_MAJOR" -gt "$tool" ]; then
    refuse "pg_dump of the image is version $tool, but the servers are PostgreSQL $SOURCE_MAJOR and $TARGET_MAJOR"
  fi
}
