-- Exports a snapshot of the current database into the file $moment/$number.snapshot, with its time in $moment/$number.taken, and
-- keeps it until $moment is removed.
-- Variable: locked, whether to wait until all databases are locked (yes or no).
-- Environment: moment, here, number, total (see lock.sql).
\set VERBOSITY terse
-- It has no snapshot before its first query.
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
\if :locked
\! : >"$moment/$number.snapshot.ready" && timeout 60 sh "$here/barrier.sh" locked "$total"
\if :SHELL_ERROR
\quit
\endif
\endif
SELECT pg_export_snapshot() AS snapshot, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS taken \gset
\setenv snapshot :snapshot
\setenv taken :taken
\! printf '%s' "$taken" >"$moment/$number.taken"
\! printf '%s' "$snapshot" >"$moment/$number.new" && mv "$moment/$number.new" "$moment/$number.snapshot"
\! while [ -d "$moment" ]; do sleep 0.1; done
COMMIT;
