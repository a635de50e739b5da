#!/bin/sh
# Starts PgBouncer in place of the shell. The soft limit of open files, which PgBouncer does not raise itself, may be 1024.
set -eu
# shellcheck disable=SC3045 # dash and bash have both options.
ulimit -n "$(ulimit -H -n)"
exec pgbouncer "$1"
