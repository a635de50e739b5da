-- Whether the app's databases were restored: `this`, by this Job; `began as` and the name of a set, as those of a new server;
-- or `none`. Variables: databases; run.
\ir marks.sql
SELECT CASE
  WHEN bool_and(coalesce(mark #>> '{restored,run}' = :'run', false)) THEN 'this'
  WHEN bool_and(mark ? 'began_as') THEN 'began as ' || min(mark ->> 'began_as')
  ELSE 'none'
END
FROM (SELECT pg_temp.mark(name) AS mark FROM regexp_split_to_table(:'databases', E'\n') AS name) AS wanted;
