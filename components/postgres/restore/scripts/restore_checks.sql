-- Reasons why a set cannot be restored on this server, one per line; nothing if there are none. Changes nothing.
-- Variables: username; databases; app; chart, the app's; into (live, beside or new); tool, the major version of pg_restore.
-- Environment: manifest, the file.
\set VERBOSITY terse
\set manifest `cat "$manifest"`
\ir marks.sql
CREATE TEMPORARY TABLE document AS SELECT :'manifest'::jsonb AS set;
CREATE TEMPORARY TABLE wanted AS
SELECT name, datname IS NOT NULL AS present, rolname AS owner, pg_temp.mark(name) ->> 'state' AS state
FROM regexp_split_to_table(:'databases', E'\n') AS name
LEFT JOIN pg_database ON datname = name
LEFT JOIN pg_roles ON pg_roles.oid = datdba;

-- Free space of the server's data directory, which only some admins may ask for.
CREATE TEMPORARY TABLE disk (line text);
SELECT rolsuper OR pg_has_role('pg_execute_server_program', 'MEMBER') AS knows_disk FROM pg_roles WHERE rolname = current_user \gset
\if :knows_disk
COPY disk FROM PROGRAM 'df -Pk . | tail -n 1';
\endif

CREATE FUNCTION pg_temp.version(chart text) RETURNS int[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT part[1]::int FROM regexp_matches(chart, '[0-9]+', 'g') AS part)
$$;

SELECT '- ' || reason
FROM document CROSS JOIN LATERAL (
  SELECT format('it is of PostgreSQL %s, and this server is version %s', set ->> 'server', current_setting('server_version'))
  WHERE (set ->> 'major')::int > current_setting('server_version_num')::int / 10000
  UNION ALL
  SELECT format('it was dumped by %s, and pg_restore of the image is version %s: set an image of that version', set ->> 'pgDump', :'tool')
  WHERE substring(set ->> 'pgDump' FROM '\) ([0-9]+)')::int > :tool
  UNION ALL
  SELECT format(
    'it is of %s, and %s runs, whose tables may differ: set `%s.chart.version: %s` and run `pulumi up` first, or restore beside',
    set ->> 'chart', :'chart', :'app', split_part(set ->> 'chart', ' ', 2)
  )
  WHERE :'into' = 'live' AND set ->> 'chart' <> :'chart'
  UNION ALL
  SELECT format('it is of %s, which is newer than %s: set `%s.chart.version`', set ->> 'chart', :'chart', :'app')
  WHERE :'into' = 'new' AND pg_temp.version(set ->> 'chart') > pg_temp.version(:'chart')
  UNION ALL
  SELECT format('it refers to roles that do not exist on this server: %s. Create them first', string_agg(DISTINCT role, ', '))
  FROM jsonb_array_elements(set -> 'databases') AS of, jsonb_array_elements_text(of -> 'roles') AS role
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
  HAVING count(*) > 0
  UNION ALL
  SELECT format('it needs extensions that this server does not have: %s', string_agg(DISTINCT extension, ', '))
  FROM jsonb_array_elements(set -> 'databases') AS of, jsonb_object_keys(of -> 'extensions') AS extension
  WHERE extension NOT IN (SELECT pg_available_extensions.name FROM pg_available_extensions)
  HAVING count(*) > 0
  UNION ALL
  SELECT format('role %s does not exist on this server: raise `%s.database.passwordRotation` and run `pulumi up`', :'username', :'app')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'username')
  UNION ALL
  SELECT format('database %s belongs to role %s, not to %s', name, owner, :'username') FROM wanted WHERE owner <> :'username'
  UNION ALL
  SELECT format('database %s is part of an unfinished or finished move to another server', name)
  FROM wanted WHERE state IN ('awaited', 'copying', 'copied', 'leaving', 'moved')
  UNION ALL
  -- Tables and the write-ahead log of a restore, which is about as large until the next checkpoint.
  SELECT format('it needs about %s, and the volume of the server has %s left', pg_size_pretty(needed), pg_size_pretty(free))
  FROM (
    SELECT
      (SELECT sum((of ->> 'size')::bigint) FROM jsonb_array_elements(set -> 'databases') AS of) * 3 / 2 AS needed,
      (SELECT (regexp_split_to_array(line, '\s+'))[4]::numeric * 1024 FROM disk) AS free
  ) AS space
  WHERE needed > free
) AS found (reason);
