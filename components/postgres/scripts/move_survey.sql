-- Each wanted database: name, whether it exists (yes, no), owner, and state, id and arrived of its mark. Variable: databases.
\ir marks.sql
SELECT
  name,
  CASE WHEN datname IS NULL THEN 'no' ELSE 'yes' END,
  -- Names of other roles may contain line breaks and tabs.
  regexp_replace(rolname, '[[:cntrl:]]', ' ', 'g'),
  pg_temp.mark(name) ->> 'state',
  pg_temp.mark(name) ->> 'id',
  pg_temp.mark(name) ->> 'arrived'
FROM regexp_split_to_table(:'databases', E'\n') AS name
LEFT JOIN pg_database ON datname = name
LEFT JOIN pg_roles ON pg_roles.oid = datdba
ORDER BY name;
