#!/bin/sh
# Moves the databases of one app's role from a server (source) to another (target): disables the role's login on the source,
# copies, compares, and marks the source's databases as moved. Nothing else is changed on the source. It can be interrupted
# and run again at any time. Exit status: 3 if a new attempt would fail in the same way.
# Environment, for each server: {SOURCE,TARGET}_{HOST,PORT,SSLMODE,CA,DATABASE,USER,PASSWORD}, where CA is a file or empty,
# and user and password are the admin's; {SOURCE,TARGET}_SECRET, the name for messages of the Secret that holds them.
# APP_USERNAME; APP_DATABASES (names, one per line); RUN, an id that all pods of one Job share; WAIT_SECONDS, how long to
# wait for a server that does not respond, for another move, and for sessions to end; GRACE_SECONDS (see waiting.sh);
# PROGRESS_SECONDS, the interval of progress reports.
# Arguments: none. (It calls itself with `source`, then with `target`, once it holds the lock on that server.)
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/scripts/move_sides.sh
. "$here/move_sides.sh"

# Runs the next step as a child of psql, whose session holds a lock on that server until the step ends.
locked() {
  side=$1
  export NEXT="sh '$0' $side"
  on "$side" "" psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=username="$APP_USERNAME" \
    --set=seconds="$WAIT_SECONDS" --set=variable="LOCK_ON_$side" --file="$here/move_lock.sql" || true
  # psql does not pass on the exit status of its child, and a child that was killed has not written it.
  [ -s "$STATUS" ] || echo 1 >"$STATUS"
  exit "$(cat "$STATUS")"
}

case "${1:-}" in
  "")
    STATUS=$(mktemp -d)/status
    export STATUS
    trap 'rm -rf "$(dirname "$STATUS")"' EXIT
    for side in source target; do
      reach "$side"
    done
    check_versions
    locked source
    ;;
  source) locked target ;;
  target)
    code=0
    sh "$here/move_steps.sh" || code=$?
    echo "$code" >"$STATUS"
    ;;
esac
