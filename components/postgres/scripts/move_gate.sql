-- Stops every writer: the role may not log in any more, and its sessions are ended. Answers the id of the move and when
-- the door was shut. Variables: username; databases; run; now, in seconds since 1970; seconds to wait for sessions to
-- end; server, that the data go to.
\set VERBOSITY terse
\ir stamps.sql
\ir move_sessions.sql
CREATE TEMPORARY TABLE wanted AS
SELECT regexp_split_to_table(:'databases', E'\n') AS name;
SELECT
  set_config('lakehouse.username', :'username', false),
  set_config('lakehouse.run', :'run', false),
  set_config('lakehouse.seconds', :'seconds', false) \g /dev/null

CREATE FUNCTION pg_temp.check_prepared() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  prepared text;
BEGIN
  SELECT string_agg(format('%s in %s', quote_literal(gid), database), ', ') INTO prepared
  FROM pg_prepared_xacts JOIN wanted ON name = database;
  IF prepared IS NOT NULL THEN
    RAISE EXCEPTION 'prepared transactions would be lost: %; commit them or roll them back first', prepared;
  END IF;
END
$$;

BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('lakehouse bootstrap', 0)) \g /dev/null
SELECT pg_temp.check_prepared() \g /dev/null
DO $$
BEGIN
  IF EXISTS (
    SELECT FROM wanted
    WHERE pg_temp.stamp(name) ->> 'state' = 'stayed' AND pg_temp.stamp(name) ->> 'run' = current_setting('lakehouse.run')
  ) THEN
    RAISE EXCEPTION 'this move was called off: the app runs on the old server again';
  END IF;
END
$$;
-- A door that somebody has opened since makes it a new move: nothing copied before counts.
SELECT
  bool_and(pg_temp.stamp(name) ->> 'state' IS NOT DISTINCT FROM 'leaving')
    AND NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = :'username') AS goes_on
FROM wanted \gset
\if :goes_on
  SELECT min(pg_temp.stamp(name) ->> 'id') AS id, min(pg_temp.stamp(name) ->> 'since') AS since FROM wanted \gset
\else
  SELECT gen_random_uuid() AS id, :'now' AS since \gset
\endif
ALTER ROLE :"username" NOLOGIN;
SELECT pg_temp.put_stamp(name, pg_temp.stamp(name) || jsonb_build_object(
  'state', 'leaving', 'id', :'id', 'since', :'since', 'run', :'run', 'server', :'server'
)) FROM wanted \g /dev/null
COMMIT;

DO $$
DECLARE
  deadline constant timestamptz := clock_timestamp() + current_setting('lakehouse.seconds')::int * interval '1 s';
  left_over text;
BEGIN
  LOOP
    PERFORM pg_stat_clear_snapshot();
    -- Also those of others in these databases, as far as the admin may.
    PERFORM pg_temp.end_sessions(current_setting('lakehouse.username'), (SELECT array_agg(name) FROM wanted));
    PERFORM pg_sleep(0.3);
    PERFORM pg_stat_clear_snapshot();
    SELECT string_agg(format('%s (%s)', pid, coalesce(nullif(application_name, ''), 'no name')), ', ') INTO left_over
    FROM pg_stat_activity
    WHERE usename = current_setting('lakehouse.username');
    EXIT WHEN left_over IS NULL;
    IF clock_timestamp() > deadline THEN
      RAISE EXCEPTION 'sessions of role % do not end: %', current_setting('lakehouse.username'), left_over;
    END IF;
  END LOOP;
END
$$;
SELECT pg_temp.check_prepared() \g /dev/null
SELECT :'id', :'since';
