-- The current database as the manifest describes it, on one line. Variables: number; bytes, of its dump; taken, the time of its
-- snapshot. Environment: fingerprint, the file with its fingerprint.
\set fingerprint `cat "$fingerprint"`
WITH lines AS (
  SELECT regexp_match(line, '^table,(.*),(\d+),(-?\d+)$') AS parts FROM regexp_split_to_table(:'fingerprint', E'\n') AS line
), tables AS (
  SELECT
    -- As in a CSV file: quoted if it contains a quote or a comma.
    parse_ident(CASE WHEN parts[1] LIKE '"%' THEN replace(substr(parts[1], 2, length(parts[1]) - 2), '""', '"') ELSE parts[1] END)
      AS name,
    parts[2]::bigint AS rows,
    parts[3]::numeric AS checksum
  FROM lines WHERE parts IS NOT NULL
)
SELECT json_build_object(
  'number', :number,
  'name', datname,
  'taken', :'taken',
  'bytes', :bytes,
  'size', pg_database_size(pg_database.oid),
  'encoding', pg_encoding_to_char(encoding),
  'collate', datcollate,
  'ctype', datctype,
  'extensions', (SELECT coalesce(json_object_agg(extname, extversion ORDER BY extname), '{}') FROM pg_extension),
  -- Other roles that own or are granted something in it.
  'roles', (
    SELECT coalesce(json_agg(DISTINCT rolname), '[]')
    FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid
    WHERE refclassid = 'pg_authid'::regclass AND dbid = pg_database.oid AND rolname <> current_user AND rolname !~ '^pg_'
  ),
  'tables', (
    SELECT coalesce(json_agg(json_build_object('schema', name[1], 'name', name[2], 'rows', rows, 'checksum', checksum)), '[]')
    FROM tables
  )
)
FROM pg_database WHERE datname = current_database();
