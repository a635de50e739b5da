#!/bin/sh
# probe.sh alive: the server answers, even if only to say that it is starting up or recovering.
# probe.sh ready: it takes connections.
set -eu

state=0
pg_isready --quiet --username=postgres --dbname=postgres || state=$?   # 0 takes connections, 1 rejects them, 2 no answer

case "$1" in
  alive) [ "$state" -le 1 ] ;;
  ready) [ "$state" -eq 0 ] ;;
  *) echo "probe.sh: alive or ready, not $1" >&2; exit 2 ;;
esac
