#!/usr/bin/env bash
# Runs the tests of scripts beside those of the sandbox, which mostly wait for the cluster. Usage: both.sh PYTHON
set -uo pipefail
python=$1
log=$(mktemp)
# What is stopped with Ctrl-C is stopped on both sides: a background command would ignore it.
setsid "$python" -m pytest tests/scripts --durations=10 >"$log" 2>&1 &
scripts=$!
trap 'kill -TERM -- "-$scripts" 2>/dev/null; rm -f "$log"' EXIT

"$python" -m pytest tests/sandbox -vv --durations=20
sandbox_status=$?
printf '\nTests of scripts, which ran beside:\n'
wait "$scripts"
scripts_status=$?
cat "$log"
exit $((sandbox_status || scripts_status))
