-- Seconds from the time the writers were stopped until the app was ready on this server; no row if no data were moved to
-- it. Variables: databases; now, in seconds since 1970.
\set VERBOSITY terse
SET client_min_messages = warning;
\ir marks.sql
CREATE TEMPORARY TABLE arrived AS
SELECT name, pg_temp.mark(name) AS mark
FROM regexp_split_to_table(:'databases', E'\n') AS name
WHERE pg_temp.mark(name) ->> 'state' = 'arrived';
UPDATE arrived SET mark = mark || jsonb_build_object('downtime', :now - (mark ->> 'since')::bigint)
WHERE NOT mark ? 'downtime';
SELECT pg_temp.put_mark(name, mark) FROM arrived \g /dev/null
SELECT max((mark ->> 'downtime')::bigint) FROM arrived;
