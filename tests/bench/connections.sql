-- Connections of Dagster's role, ten times a second.
SELECT count(*) FROM pg_stat_activity WHERE usename = 'dagster' \watch 0.1
