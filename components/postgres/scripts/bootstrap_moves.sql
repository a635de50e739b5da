-- Part of bootstrap.sql: what its marks on databases mean for moves. Sets may_login.
DO $$
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT name, pg_temp.stamp(name) AS stamp FROM wanted WHERE pg_temp.stamp(name) ->> 'state' = 'leaving' ORDER BY name
  LOOP
    -- The move away is called off: from here on the role may write again, and no copy made before is worth anything.
    PERFORM pg_temp.put_stamp(found.name, found.stamp || '{"state": "stayed"}');
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'lakehouse-move' AND usename = current_user AND datname = found.name;
    RAISE WARNING 'database %: the move to % is called off', found.name, found.stamp ->> 'server';
  END LOOP;
END
$$;

-- An app must not start on a database before the copy is there.
SELECT pg_temp.put_stamp(name, pg_temp.stamp(name) || '{"state": "awaited"}')
FROM wanted
WHERE :'arriving' = 'yes' AND new \g /dev/null

-- Where a copy is still to come the role stays out: pods that were never switched away would write into it.
SELECT CASE
  WHEN :'arriving' = 'yes' AND bool_or(pg_temp.stamp(name) ->> 'state' IN ('awaited', 'copying', 'copied', 'moved'))
  THEN 'NOLOGIN' ELSE 'LOGIN'
END AS may_login
FROM wanted \gset
