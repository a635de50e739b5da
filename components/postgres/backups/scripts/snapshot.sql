-- Exports a snapshot of the current database into the file $moment/$number.snapshot, and keeps it until $moment is removed.
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
SELECT pg_export_snapshot() AS snapshot \gset
\setenv snapshot :snapshot
\! printf '%s' "$snapshot" >"$moment/$number.new" && mv "$moment/$number.new" "$moment/$number.snapshot"
\! while [ -d "$moment" ]; do sleep 0.1; done
COMMIT;
