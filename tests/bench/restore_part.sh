#!/bin/sh
# Restores a database of a set into an empty one as restore_database.sh does, without comparing it with what was dumped.
# Environment: PGHOST, PGPORT, PGUSER, of the admin; APP_USERNAME; JOBS; SET, the folder of the set; COPY, the empty database;
# WORK, a folder.
set -eu
here=/scripts set=${SET:?} work=${WORK:?} PROGRESS_SECONDS=60
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
# shellcheck source=components/postgres/restore/scripts/restore_database.sh
. "$here/restore_database.sh"
export PGOPTIONS='-c client_min_messages=warning'
archive=$set/databases/1 copy=${COPY:?}
pg_restore --list "$archive" >"$work/list"
restore_part --role="$APP_USERNAME" '' '' || refuse_damaged 1
