-- Locks all tables of the current database that the app can write to, until the snapshots of all databases are exported.
-- Environment: moment, a folder that the sessions meet in; here; number (of the database); total (of databases).
\set VERBOSITY terse
BEGIN;
SET LOCAL search_path = '';
-- Every session is connected before the first one holds a lock.
\! : >"$moment/$number.lock.ready" && timeout 30 sh "$here/barrier.sh" ready "$((total * 2))"
\if :SHELL_ERROR
\quit
\endif
SELECT coalesce(string_agg(format('ONLY %s', pg_class.oid::regclass), ', ' ORDER BY pg_class.oid), '') AS tables
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema$)' AND has_table_privilege(pg_class.oid, 'UPDATE') \gset
SELECT :'tables' <> '' AS any_tables \gset
-- For the statement as a whole; lock_timeout would apply to each table. Less than deadlock_timeout: in a deadlock this
-- session gives up, before the server would end the app's.
SELECT set_config('statement_timeout', (setting::int * 4 / 5)::text, true) FROM pg_settings WHERE name = 'deadlock_timeout';
\if :any_tables
LOCK TABLE :tables IN SHARE MODE;
\endif
SET LOCAL statement_timeout = 0;
\! : >"$moment/$number.locked" && timeout 1 sh "$here/barrier.sh" snapshot "$total"
\if :SHELL_ERROR
\quit
\endif
-- Tables that were created in between are not locked.
SELECT :'tables' = coalesce(string_agg(format('ONLY %s', pg_class.oid::regclass), ', ' ORDER BY pg_class.oid), '') AS same
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema$)' AND has_table_privilege(pg_class.oid, 'UPDATE') \gset
COMMIT;
\if :same
\! : >"$moment/$number.held"
\endif
