-- The manifest of a set. Variables: name, app, stack, deployment, chart, program, moment, taken, pg_dump (its version).
-- Environment: databases, a file with objects of JSON separated by commas; secrets, a file with names, one per line.
\set databases `cat "$databases"`
\set secrets `cat "$secrets"`
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
  'secrets', (SELECT coalesce(jsonb_agg(name), '[]') FROM regexp_split_to_table(:'secrets', E'\n') AS name WHERE name <> '')
));
