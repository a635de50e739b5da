-- Seconds from the moment that the writers were stopped until the app was ready here. Variables: databases; now, in
-- seconds since 1970.
\set VERBOSITY terse
SET client_min_messages = warning;
\ir stamps.sql
CREATE TEMPORARY TABLE arrived AS
SELECT name, pg_temp.stamp(name) AS stamp
FROM regexp_split_to_table(:'databases', ' +') AS name
WHERE pg_temp.stamp(name) ->> 'state' = 'arrived';
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM arrived) THEN
    RAISE EXCEPTION 'no data have arrived here by a move';
  END IF;
END
$$;
SELECT min(coalesce((stamp ->> 'downtime')::bigint, :now - (stamp ->> 'since')::bigint)) AS seconds FROM arrived \gset
SELECT pg_temp.put_stamp(name, stamp || jsonb_build_object('downtime', :seconds)) FROM arrived \g /dev/null
SELECT :seconds;
