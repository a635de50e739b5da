-- Reverts the end of a move on its source: marks the databases as in use and enables the role's login. Variables: username;
-- databases.
\ir marks.sql
BEGIN;
SELECT pg_temp.put_mark(name, pg_temp.mark(name) || '{"state": "stayed"}')
FROM regexp_split_to_table(:'databases', E'\n') AS name
WHERE pg_temp.mark(name) ->> 'state' = 'moved' \g /dev/null
ALTER ROLE :"username" LOGIN;
COMMIT;
