#!/bin/sh
# Moves the databases of one app's role from a server (source) to another (target): shuts the role's door on the source,
# copies, compares, and marks the source as moved. Nothing on the source is changed but that. May be killed and run again
# at any time. Ends with 3 where another try would end the same.
# Environment, of each side: {SOURCE,TARGET}_{HOST,PORT,SSLMODE,CA,DATABASE,USER,PASSWORD}, where CA is a file or empty,
# and user and password are an admin's; {SOURCE,TARGET}_SECRET, what people call the Secret that they come from.
# APP_USERNAME; APP_DATABASES (names, one a line); RUN, an id that all tries of one Job share; WAIT_SECONDS, how long to wait
# for a server that does not answer, for another move, and for sessions to end; GRACE_SECONDS (see waiting.sh);
# PROGRESS_SECONDS between two lines that tell how far it is.
# Arguments: none. (It calls itself with `source`, then `target`, when it holds the lock there.)
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/scripts/move_sides.sh
. "$here/move_sides.sh"

# Runs the rest inside psql, which holds a lock on that side for as long as the rest runs: locks die with their session.
locked() {
  side=$1
  export NEXT="sh '$0' $side"
  on "$side" "" psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=username="$APP_USERNAME" \
    --set=seconds="$WAIT_SECONDS" --set=variable="LOCK_ON_$side" --file="$here/move_lock.sql" || true
  # psql does not pass on how that ended; and who was killed did not tell.
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
