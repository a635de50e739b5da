#!/bin/sh
# To be read by the scripts of a move: how to reach its two sides.
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-move
# An admin's own limits are not meant for a copy; dead connections are noticed soon, so that their locks are gone.
export PGOPTIONS='-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=0 -c client_min_messages=warning -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'

# on SIDE DATABASE COMMAND…: run a client on that side; the admin's own database if DATABASE is empty. The password is
# in that client's environment alone.
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

# sql SIDE DATABASE ARGUMENT…: psql that stops at the first error, and prints rows alone, tabs between the values.
sql() (
  side=$1 database=$2
  shift 2
  on "$side" "$database" psql --no-psqlrc --quiet --tuples-only --no-align --field-separator='	' \
    --set=ON_ERROR_STOP=1 --set=username="$APP_USERNAME" "$@"
)

# address SIDE: how people call it.
address() {
  if [ "$1" = source ]; then echo "$SOURCE_HOST:$SOURCE_PORT"; else echo "$TARGET_HOST:$TARGET_PORT"; fi
}

say() {
  printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"
}

# Ends with a reason that another try would not change.
refuse() {
  printf '%s\n' "$*" >&2
  exit 3
}

wait_for() {
  deadline=$(($(date +%s) + WAIT_SECONDS))
  until answer=$(sql "$1" "" --command='SELECT 1' 2>&1); do
    if [ "$(date +%s)" -ge "$deadline" ]; then
      printf 'no connection to %s, the %s, after %s s: %s\n' "$(address "$1")" "$1" "$WAIT_SECONDS" "$answer" >&2
      exit 1
    fi
    say "waiting for $(address "$1")"
    sleep 2
  done
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
    refuse "the image's pg_dump is version $tool; the servers are $SOURCE_MAJOR and $TARGET_MAJOR"
  fi
}
