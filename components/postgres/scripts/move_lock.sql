-- Acquires the lock against concurrent moves and restores of the same role, and runs the next step. Variables: username; seconds to wait;
-- variable, the environment variable in which the next step finds the process id of the session that holds the lock.
-- Environment: NEXT, the command of the next step.
\set VERBOSITY terse
SELECT set_config('lakehouse.username', :'username', false), set_config('lakehouse.seconds', :'seconds', false) \g /dev/null
DO $$
DECLARE
  key constant bigint := hashtextextended('lakehouse move ' || current_setting('lakehouse.username'), 0);
  deadline constant timestamptz := clock_timestamp() + current_setting('lakehouse.seconds')::int * interval '1 s';
BEGIN
  WHILE NOT pg_try_advisory_lock(key) LOOP
    IF clock_timestamp() > deadline THEN
      RAISE EXCEPTION 'another move or restore of role % is running', current_setting('lakehouse.username');
    END IF;
    PERFORM pg_sleep(0.5);
  END LOOP;
END
$$;
SELECT pg_backend_pid() AS pid \gset
\setenv :variable :pid
\! sh -c "$NEXT"
