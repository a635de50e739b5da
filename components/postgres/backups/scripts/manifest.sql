-- The manifest of a set. Variables: name, app, stack, deployment, chart, program, moment, taken, pg_dump (its version),
-- secrets_checksum (encrypted). Environment: databases, a file with objects of JSON separated by commas; secrets, a file with the
-- paths in the archive of the Secrets, one per line.
\set databases `cat "$databases"`
\set secrets `cat "$secrets"`
WITH paths AS (
  SELECT parts[1] AS secret, nullif(parts[2], '') AS key
  FROM regexp_split_to_table(:'secrets', E'\n') AS path, regexp_match(path, '^\./([^/]+)/([^/]*)$') AS parts
  WHERE parts IS NOT NULL
), keys AS (
  SELECT secret, coalesce(jsonb_agg(key ORDER BY key) FILTER (WHERE key IS NOT NULL), '[]') AS keys FROM paths GROUP BY secret
)
SELECT jsonb_pretty(jsonb_build_object(
  'format', 1,
  'name', :'name',
  'stack', :'stack',
  'app', :'app',
  'deployment', :'deployment',
  'taken', :'taken',
  'moment', :'moment',
  'server', current_setting('server_version'),
  'major', current_setting('server_version_num')::int / 10000,
  'pgDump', :'pg_dump',
  'chart', :'chart',
  'program', :'program',
  'role', current_user,
  'databases', format('[%s]', :'databases')::jsonb,
  'secrets', (SELECT coalesce(jsonb_agg(secret ORDER BY secret), '[]') FROM keys),
  'secretKeys', (SELECT coalesce(jsonb_object_agg(secret, keys), '{}') FROM keys),
  'secretsChecksum', :'secrets_checksum'
));
