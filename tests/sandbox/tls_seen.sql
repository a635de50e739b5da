-- Looks at every connection of the apps for :seconds seconds, often enough to see those that last a moment, and returns
-- each role, database and kind of encryption that it saw.
\set QUIET on
SET application_name = 'tls_seen';
SELECT set_config('tls_seen.seconds', :'seconds', false) \g /dev/null
CREATE TEMPORARY TABLE seen (username name, database name, ssl boolean, version text, UNIQUE (username, database, ssl));
DO $$
DECLARE
  until timestamptz := clock_timestamp() + make_interval(secs => current_setting('tls_seen.seconds')::integer);
BEGIN
  WHILE clock_timestamp() < until LOOP
    INSERT INTO seen
    SELECT usename, datname, ssl, version FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
    WHERE usename IS NOT NULL AND client_addr IS NOT NULL
    ON CONFLICT DO NOTHING;
    PERFORM pg_stat_clear_snapshot(), pg_sleep(0.002);
  END LOOP;
END
$$;
SELECT username, database, ssl, version FROM seen;
