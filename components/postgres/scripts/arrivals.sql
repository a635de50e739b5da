-- Part of bootstrap.sql, before it lets the role in: an app is not to start on data that live elsewhere, nor on half a
-- copy. Variable: arriving.
\ir stamps.sql
SELECT set_config('lakehouse.arriving', :'arriving', false) \g /dev/null
DO $$
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT name, pg_temp.stamp(name) AS stamp FROM wanted JOIN pg_database ON datname = name ORDER BY name
  LOOP
    IF found.stamp ->> 'state' = 'leaving' THEN
      -- The move away is called off: from here on the role may write again, and no copy made before is worth anything.
      PERFORM pg_temp.put_stamp(found.name, found.stamp || '{"state": "stayed"}');
      PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'lakehouse-move' AND usename = current_user AND datname = found.name;
      RAISE WARNING 'database %: the move to % is called off', found.name, found.stamp ->> 'server';
    ELSIF current_setting('lakehouse.arriving') = 'yes' THEN
      CONTINUE;
    ELSIF found.stamp ->> 'state' = 'moved' THEN
      RAISE EXCEPTION 'the data of database % have moved to %, what is here is old; to bring them back, set `moveFrom` to that server',
        found.name, found.stamp ->> 'server';
    ELSIF found.stamp ->> 'state' IN ('awaited', 'copying', 'copied') THEN
      RAISE EXCEPTION 'database % waits for its data from another server, whose copy is not finished; set `moveFrom` to that server, or turn back and set `postgresql` to it',
        found.name;
    END IF;
  END LOOP;
END
$$;
