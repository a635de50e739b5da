#!/bin/sh
# Runs commands on PgBouncer's console over its socket, where its own user needs no password; also the probe of its pods.
# Environment: SOCKET, the folder; PORT. Arguments: commands.
set -eu
for command in "$@"; do
  psql --no-psqlrc --quiet --tuples-only --no-align --host="$SOCKET" --port="$PORT" --username=pgbouncer \
    --dbname=pgbouncer --command="$command"
done
