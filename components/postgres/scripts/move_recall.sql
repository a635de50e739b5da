-- What is here is not old: the move away was turned back, and the role may come in again. Variables: username; databases.
\ir stamps.sql
BEGIN;
SELECT pg_temp.put_stamp(name, pg_temp.stamp(name) || '{"state": "stayed"}')
FROM regexp_split_to_table(:'databases', E'\n') AS name
WHERE pg_temp.stamp(name) ->> 'state' = 'moved' \g /dev/null
ALTER ROLE :"username" LOGIN;
COMMIT;
