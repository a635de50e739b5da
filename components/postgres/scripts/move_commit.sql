-- Completes a move on the source: marks all databases as moved, in one transaction. Variables: username; databases; id;
-- lock, the process id of the session that holds the lock.
\set VERBOSITY terse
\ir marks.sql
CREATE TEMPORARY TABLE wanted AS
SELECT regexp_split_to_table(:'databases', E'\n') AS name;
SELECT
  set_config('lakehouse.username', :'username', false),
  set_config('lakehouse.id', :'id', false),
  set_config('lakehouse.lock', :'lock', false) \g /dev/null
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('lakehouse bootstrap', 0)) \g /dev/null
DO $$
BEGIN
  IF (SELECT rolcanlogin FROM pg_roles WHERE rolname = current_setting('lakehouse.username')) OR EXISTS (
    SELECT FROM wanted
    WHERE (pg_temp.mark(name) ->> 'state', pg_temp.mark(name) ->> 'id')
      IS DISTINCT FROM ('leaving', current_setting('lakehouse.id'))
  ) THEN
    RAISE EXCEPTION 'the login of role % was enabled during the move: the move was cancelled',
      current_setting('lakehouse.username');
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid = current_setting('lakehouse.lock')::int
  ) THEN
    RAISE EXCEPTION 'the session that holds the lock against concurrent moves has ended';
  END IF;
END
$$;
SELECT pg_temp.put_mark(name, pg_temp.mark(name) - 'arrived' || '{"state": "moved"}') FROM wanted \g /dev/null
COMMIT;
