#!/bin/sh
# Fast shutdown: open transactions are rolled back, data are flushed. SIGTERM alone, a smart shutdown, would wait until all
# clients have disconnected.
set -eu

pg_ctl stop --pgdata="$PGDATA" --mode=fast --wait --timeout="$STOP_TIMEOUT_SECONDS"
