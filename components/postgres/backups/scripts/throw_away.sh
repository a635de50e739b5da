#!/bin/sh
# Sourced by other scripts: a throw-away server of its own on a volume, reached by a socket in its folder only.
# Environment: SERVER, a folder that is created anew and removed; MEMORY, MiB that the server may use for its caches.

start_server() {
  # shellcheck disable=SC2153
  rm -rf "$SERVER"
  mkdir -p "$SERVER"
  initdb --pgdata="$SERVER/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$SERVER/log" 2>&1 || {
    cat "$SERVER/log" >&2
    return 1
  }
  # Nothing of it is needed after a crash.
  postgres -D "$SERVER/data" -p 5432 -c listen_addresses='' -c unix_socket_directories="$SERVER" -c huge_pages=off -c fsync=off \
    -c full_page_writes=off -c synchronous_commit=off -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off \
    -c max_wal_size=4GB -c shared_buffers="${MEMORY}MB" -c maintenance_work_mem="${MEMORY}MB" >"$SERVER/log" 2>&1 &
  server=$!
  since=$(date +%s)
  until server_sql postgres --command='SELECT 1' >/dev/null 2>"$SERVER/error"; do
    if ! kill -0 "$server" 2>/dev/null || [ $(($(date +%s) - since)) -gt 120 ]; then
      cat "$SERVER/log" "$SERVER/error" >&2
      return 1
    fi
    sleep 0.1
  done
}

stop_server() {
  [ -z "${server:-}" ] || kill -INT "$server" 2>/dev/null || true
  wait
  rm -rf "$SERVER"
}

# Runs a client of PostgreSQL there.
server_client() (
  unset PGPASSWORD PGSSLMODE PGSSLROOTCERT PGDATABASE PGOPTIONS
  export PGHOST="$SERVER" PGUSER=postgres PGPORT=5432
  exec "$@"
)

server_sql() { # server_sql DATABASE ARGUMENT…
  database=$1
  shift
  server_client psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$database" "$@"
}
