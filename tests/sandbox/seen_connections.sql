-- Whose connections are encrypted, of all that are seen in some seconds. Variable: seconds.
CREATE TEMPORARY TABLE seen (role name, encrypted boolean, UNIQUE (role, encrypted));
SELECT set_config('seen.until', (clock_timestamp() + make_interval(secs => :seconds))::text, false) \g /dev/null
DO $$
BEGIN
  WHILE clock_timestamp() < current_setting('seen.until')::timestamptz LOOP
    PERFORM pg_stat_clear_snapshot();
    INSERT INTO seen SELECT usename, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL
    ON CONFLICT DO NOTHING;
    PERFORM pg_sleep(0.005);
  END LOOP;
END
$$;
SELECT role, bool_and(encrypted) FROM seen GROUP BY role ORDER BY role;
