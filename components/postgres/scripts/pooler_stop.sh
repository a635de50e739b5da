#!/bin/sh
# Lets PgBouncer's clients go before it is stopped: ends when it has none left, or is gone. No transaction is cut short
# unless it takes longer than the pod's termination grace period.
# Environment: SOCKET, PORT (see pooler_console.sh); PID_FILE; ENDPOINT_SECONDS, until no node sends new connections to this
# pod any more; LEAVE_SECONDS, for clients to go by themselves.
set -eu
here=$(dirname "$0")
console() { sh "$here/pooler_console.sh" "$@"; }
clients() { console 'SHOW LISTS' | sed -n 's/^used_clients|//p'; }

# Whoever connects in the meantime is served: nothing tells when the last node's rules are up to date.
sleep "$ENDPOINT_SECONDS"

# Clients with a pool of their own stay connected for hours. A connection that is idle is closed; the pools of the apps
# (HikariCP, database/sql) test one that was idle, and open another.
console 'SET client_idle_timeout = 3'
left=$LEAVE_SECONDS
while [ "$left" -gt 0 ]; do
  # One of them is this console.
  [ "$(clients)" -gt 1 ] || exit 0
  left=$((left - 1))
  sleep 1
done

# Those that are never idle are closed, too, each after its transaction.
console 'SHUTDOWN WAIT_FOR_SERVERS'
while kill -0 "$(cat "$PID_FILE")" 2>/dev/null; do sleep 1; done
