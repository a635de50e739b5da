#!/bin/sh
# probe.sh alive: the server responds, even if it is starting up or recovering and rejects connections.
# probe.sh ready: it accepts connections.
set -eu

state=0
pg_isready --quiet --username=postgres --dbname=postgres || state=$?   # 0 accepts connections, 1 rejects them, 2 no response

case "$1" in
  alive) [ "$state" -le 1 ] ;;
  ready) [ "$state" -eq 0 ] ;;
  *) echo "probe.sh: the argument must be alive or ready, not $1" >&2; exit 2 ;;
esac
