-- Completes a move on the target: marks the databases as arrived and enables the role's login. Variables: username;
-- databases; id; since; server, the source.
\ir marks.sql
BEGIN;
SELECT pg_temp.put_mark(name, pg_temp.mark(name) || jsonb_build_object(
  'state', 'arrived', 'id', :'id', 'arrived', :'id', 'since', :'since', 'server', :'server'
))
FROM regexp_split_to_table(:'databases', E'\n') AS name
WHERE pg_temp.mark(name) ->> 'state' = 'copied' \g /dev/null
ALTER ROLE :"username" LOGIN;
COMMIT;
