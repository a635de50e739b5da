#!/bin/sh
# Fast shutdown: open transactions are rolled back, data are flushed. A plain SIGTERM would wait for every client to leave.
set -eu

pg_ctl stop --pgdata="$PGDATA" --mode=fast --wait --timeout="$STOP_TIMEOUT_SECONDS"
