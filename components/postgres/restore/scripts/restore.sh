#!/bin/sh
# Restores a fetched set. Everything that can go wrong comes first: the set is restored into databases beside the app's and
# compared with what was dumped, while the app runs. Then the app is stopped, the databases are exchanged in one transaction,
# and the app is started; its old databases remain under other names. It can be interrupted and run again at any time.
# Exit status: 3 if a new attempt would fail in the same way.
# Environment: PGHOST, PGPORT, PGDATABASE, PGSSLMODE, PGSSLROOTCERT, of the admin, whose name and password are read in
# ADMIN_USERNAME_KEY and ADMIN_PASSWORD_KEY of the Secret ADMIN_SECRET in ADMIN_NAMESPACE; APP_NAME; APP_USERNAME;
# APP_DATABASES (names, one per line, the main one first); SET_STACK, the stack whose sets are restored; FOREIGN, whether that is
# another one, whose role and databases may have other names (yes or no); CHART, the app's chart and version; NAMESPACE and RELEASE, of the app; APP_SECRETS, names of Secrets that the app itself creates, one per
# line; INTO: `live`, into the databases of the app; `beside`, into new ones beside them; `new`, as `live`, but only once and
# into empty ones; WANTED, `newest` or the name of a set; RUN, an id that all pods of one Job share; SCRATCH, the folder with the set; PRIVATE, a folder in memory;
# BACKUP_KEY, the passphrase of the set's Secrets; TOOLS, the folder with kubectl; JOBS, parallel connections; WAIT_SECONDS,
# how long to wait for the server, for another restore, and for pods to end or to be ready; GRACE_SECONDS (see waiting.sh);
# PROGRESS_SECONDS, the interval of progress reports; OUTCOME, a file for the outcome.
set -eu
here=$(dirname "$0")
# shellcheck source=components/postgres/scripts/waiting.sh
. "$here/waiting.sh"
export PGCONNECT_TIMEOUT=10 PGAPPNAME=lakehouse-restore PGCLIENTENCODING=UTF8 PATH="$TOOLS:$PATH"
# The admin's own timeouts must not end a restore. Keepalives detect broken connections, so that locks are released.
export PGOPTIONS='-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=0 -c client_min_messages=warning -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'
umask 077

admin() { # admin KEY: a value of the admin's Secret
  kubectl get secret "$ADMIN_SECRET" --namespace "$ADMIN_NAMESPACE" \
    --output="go-template={{ index .data \"$1\" | base64decode }}"
}
PGUSER=$(admin "$ADMIN_USERNAME_KEY") PGPASSWORD=$(admin "$ADMIN_PASSWORD_KEY")
export PGUSER PGPASSWORD
wait_for "$PGHOST:$PGPORT" "$PGUSER" "$PGPASSWORD" "Secret $ADMIN_NAMESPACE/$ADMIN_SECRET" \
  psql --no-psqlrc --quiet --command='SELECT 1'

STATUS=$(mktemp)
export STATUS
# A child of psql, whose session holds the lock against other restores and moves until the steps end.
export NEXT="sh '$here/restore_steps.sh'; echo \$? >'$STATUS'"
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=username="$APP_USERNAME" --set=seconds="$WAIT_SECONDS" \
  --set=variable=LOCK --file="$here/move_lock.sql" || true
# psql does not pass on the exit status of its child, and a child that was killed has not written it.
[ -s "$STATUS" ] || echo 1 >"$STATUS"
status=$(cat "$STATUS")
rm -f "$STATUS"
exit "$status"
