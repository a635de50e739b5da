-- From here on the data live on the target: all databases at once, or none. Variables: username; databases; id; lock, the
-- session that holds the lock.
\set VERBOSITY terse
\ir stamps.sql
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
    WHERE (pg_temp.stamp(name) ->> 'state', pg_temp.stamp(name) ->> 'id')
      IS DISTINCT FROM ('leaving', current_setting('lakehouse.id'))
  ) THEN
    RAISE EXCEPTION 'role % may log in again: the move was called off meanwhile', current_setting('lakehouse.username');
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid = current_setting('lakehouse.lock')::int
  ) THEN
    RAISE EXCEPTION 'the session that kept other moves away is gone';
  END IF;
END
$$;
SELECT pg_temp.put_stamp(name, pg_temp.stamp(name) - 'arrived' || '{"state": "moved"}') FROM wanted \g /dev/null
COMMIT;
