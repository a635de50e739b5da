-- Gives restored copies their names, in one transaction. Variables: databases; word and stamp: with `before`, a copy gets
-- the name of the app's database, which, if it exists, becomes <name>_before_<stamp>; with `restored`, a copy becomes
-- <name>_restored_<stamp>; set, run and into, for the marks; lock, the process id of the session that holds the lock.
\set VERBOSITY verbose
\ir marks.sql
\ir move_sessions.sql
\ir restore_naming.sql
CREATE TEMPORARY TABLE wanted AS
SELECT
  name, number, pg_temp.beside(name, '_lakehouse_restoring') AS copy,
  pg_temp.beside(name, format('_%s_%s', :'word', :'stamp')) AS other, datname IS NOT NULL AS present,
  -- Of a database that was dropped nothing is known but its role's creator.
  CASE WHEN datname IS NULL THEN jsonb_build_object('made_by', pg_temp.role_mark(:'username') -> 'made_by')
  ELSE pg_temp.mark(name) END AS mark
FROM regexp_split_to_table(:'databases', E'\n') WITH ORDINALITY AS named (name, number)
LEFT JOIN pg_database ON datname = name;
SELECT set_config('lakehouse.lock', :'lock', false), :'word' = 'before' AS live \gset
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('lakehouse bootstrap', 0)) \g /dev/null
DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = current_setting('lakehouse.lock')::int
  ) THEN
    RAISE EXCEPTION 'the session that holds the lock against concurrent restores has ended';
  END IF;
END
$$;
\if :live
  SELECT pg_temp.end_sessions(NULL, array_agg(name) || array_agg(copy)) FROM wanted \g /dev/null
  SELECT format('ALTER DATABASE %I RENAME TO %I', name, other) FROM wanted WHERE present ORDER BY number \gexec
  SELECT format('ALTER DATABASE %I RENAME TO %I', copy, name) FROM wanted ORDER BY number \gexec
  SELECT pg_temp.put_mark(other, mark || '{"state": "replaced"}') FROM wanted WHERE present \g /dev/null
\else
  SELECT pg_temp.end_sessions(NULL, array_agg(copy)) FROM wanted \g /dev/null
  SELECT format('ALTER DATABASE %I RENAME TO %I', copy, other) FROM wanted ORDER BY number \gexec
\endif
SELECT pg_temp.put_mark(
  CASE WHEN :'live' THEN name ELSE other END,
  CASE WHEN :'live' THEN mark ELSE '{}' END || jsonb_build_object(
    'restored', jsonb_build_object('set', :'set', 'run', :'run', 'into', :'into', 'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  ) || CASE :'into' WHEN 'new' THEN jsonb_build_object('began_as', :'set') ELSE '{}' END
) FROM wanted \g /dev/null
COMMIT;
