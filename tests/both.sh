#!/usr/bin/env bash
# Runs the tests that need no cluster beside those of the sandbox, which mostly wait for the cluster. Usage: both.sh PYTHON
set -uo pipefail
python=$1
log=$(mktemp)
# What is stopped with Ctrl-C is stopped on both sides: a background command would ignore it.
# shellcheck disable=SC2016
setsid bash -c '"$1" -m pytest tests --ignore=tests/scripts --ignore=tests/sandbox && "$1" -m pytest tests/scripts --durations=10' \
  _ "$python" >"$log" 2>&1 &
others=$!
trap 'kill -TERM -- "-$others" 2>/dev/null; rm -f "$log"' EXIT

"$python" -m pytest tests/sandbox -vv --durations=20
sandbox_status=$?
printf '\nTests that need no cluster, which ran beside:\n'
wait "$others"
others_status=$?
cat "$log"
exit $((sandbox_status || others_status))
