-- Part of bootstrap.sql: cancels an unfinished move away from this server and prepares one to it. Sets may_login.
DO $$
DECLARE
  leaving record;
BEGIN
  FOR leaving IN
    SELECT name, pg_temp.mark(name) AS mark FROM wanted WHERE pg_temp.mark(name) ->> 'state' = 'leaving' ORDER BY name
  LOOP
    -- From here on the role may write again, so any existing copy is outdated: the move is cancelled.
    PERFORM pg_temp.put_mark(leaving.name, leaving.mark || '{"state": "stayed"}');
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'lakehouse-move' AND usename = current_user AND datname = leaving.name;
    RAISE WARNING 'database %: the move to % is cancelled', leaving.name, leaving.mark ->> 'server';
  END LOOP;
END
$$;

-- An app must not start on a database whose copy is not complete.
SELECT pg_temp.put_mark(name, pg_temp.mark(name) || '{"state": "awaited"}')
FROM wanted
WHERE :'arriving' = 'yes' AND new \g /dev/null

-- Until the copy is complete the role cannot log in: pods that still use this server would write into the database.
SELECT CASE
  WHEN :'arriving' = 'yes' AND bool_or(pg_temp.mark(name) ->> 'state' IN ('awaited', 'copying', 'copied', 'moved'))
  THEN 'NOLOGIN' ELSE 'LOGIN'
END AS may_login
FROM wanted \gset
