-- The data live here now, and the role may come in. Variables: username; databases; id; since; server, that they came
-- from.
\ir stamps.sql
BEGIN;
SELECT pg_temp.put_stamp(name, pg_temp.stamp(name) || jsonb_build_object(
  'state', 'arrived', 'id', :'id', 'arrived', :'id', 'since', :'since', 'server', :'server'
))
FROM regexp_split_to_table(:'databases', E'\n') AS name
WHERE pg_temp.stamp(name) ->> 'state' = 'copied' \g /dev/null
ALTER ROLE :"username" LOGIN;
COMMIT;
