-- Stops all writers on the source: disables the role's login and terminates its sessions. Prints the id of the move and the
-- time at which the login was disabled. Variables: username; databases; run; now, in seconds since 1970; seconds to wait
-- for sessions to end; server, the target.
\set VERBOSITY terse
\ir marks.sql
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
    WHERE pg_temp.mark(name) ->> 'state' = 'stayed' AND pg_temp.mark(name) ->> 'run' = current_setting('lakehouse.run')
  ) THEN
    RAISE EXCEPTION 'this move was cancelled: the app uses the old server again';
  END IF;
END
$$;
-- If the role's login was enabled in between, it is a new move: existing copies may be outdated.
SELECT
  bool_and(pg_temp.mark(name) ->> 'state' IS NOT DISTINCT FROM 'leaving')
    AND NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = :'username') AS continues
FROM wanted \gset
\if :continues
  SELECT min(pg_temp.mark(name) ->> 'id') AS id, min(pg_temp.mark(name) ->> 'since') AS since FROM wanted \gset
\else
  SELECT gen_random_uuid() AS id, :'now' AS since \gset
\endif
ALTER ROLE :"username" NOLOGIN;
SELECT pg_temp.put_mark(name, pg_temp.mark(name) || jsonb_build_object(
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
    -- Also sessions of other roles in these databases, as far as the admin is permitted.
    PERFORM pg_temp.end_sessions(current_setting('lakehouse.username'), (SELECT array_agg(name) FROM wanted));
    PERFORM pg_sleep(0.3);
    PERFORM pg_stat_clear_snapshot();
    SELECT string_agg(format('%s (%s)', pid, coalesce(nullif(application_name, ''), 'no application_name')), ', ') INTO left_over
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
