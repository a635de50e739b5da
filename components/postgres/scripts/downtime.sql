-- Seconds from the moment that the writers were stopped until the app was ready here; nothing if no data came here by a
-- move. Variables: databases; now, in seconds since 1970.
\set VERBOSITY terse
SET client_min_messages = warning;
\ir stamps.sql
CREATE TEMPORARY TABLE arrived AS
SELECT name, pg_temp.stamp(name) AS stamp
FROM regexp_split_to_table(:'databases', E'\n') AS name
WHERE pg_temp.stamp(name) ->> 'state' = 'arrived';
UPDATE arrived SET stamp = stamp || jsonb_build_object('downtime', :now - (stamp ->> 'since')::bigint)
WHERE NOT stamp ? 'downtime';
SELECT pg_temp.put_stamp(name, stamp) FROM arrived \g /dev/null
SELECT max((stamp ->> 'downtime')::bigint) FROM arrived;
