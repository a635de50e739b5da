-- What each wanted database is: name, there (yes, no), owner, and of its stamp state, id and arrived. Variable: databases.
\ir stamps.sql
SELECT
  name,
  CASE WHEN datname IS NULL THEN 'no' ELSE 'yes' END,
  -- Names of other roles may hold anything.
  regexp_replace(rolname, '[[:cntrl:]]', ' ', 'g'),
  pg_temp.stamp(name) ->> 'state',
  pg_temp.stamp(name) ->> 'id',
  pg_temp.stamp(name) ->> 'arrived'
FROM regexp_split_to_table(:'databases', E'\n') AS name
LEFT JOIN pg_database ON datname = name
LEFT JOIN pg_roles ON pg_roles.oid = datdba
ORDER BY name;
