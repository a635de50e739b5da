-- Reasons why the archive of a database is not the one that the manifest describes, one per line; nothing if there are none. Run
-- in a folder with the database's fingerprint in the file `source`. Variables: number (of the database); bytes, of its archive.
-- Environment: manifest, the file; list, a file with the output of pg_restore --list.
\set VERBOSITY terse
\set manifest `cat "$manifest"`
\set list `cat "$list"`
CREATE TEMPORARY TABLE fingerprint (kind text, name text, number numeric, checksum numeric);
\copy fingerprint FROM source (FORMAT csv, FORCE_NOT_NULL (name))
WITH document AS (
  SELECT set, set -> 'databases' -> (:number - 1) AS database FROM (SELECT :'manifest'::jsonb AS set) AS manifest
), archive AS (
  SELECT
    substring(:'list' FROM '(?n)^;     dbname: (.*)$') AS name,
    substring(:'list' FROM '(?n)^;     Dumped from database version: (.*)$') AS server,
    substring(:'list' FROM '(?n)^;     Dumped by pg_dump version: (.*)$') AS tool
), described AS (
  SELECT format('%I.%I', schema, name) AS name, rows, checksum
  FROM document, jsonb_to_recordset(database -> 'tables') AS of (schema text, name text, rows numeric, checksum numeric)
), dumped AS (
  SELECT name, number, checksum FROM fingerprint WHERE kind = 'table'
)
SELECT '- ' || reason
FROM (
  -- pg_dump writes line breaks in names as spaces there.
  SELECT format('its archive is of the database %s, and its manifest says %s', archive.name, database ->> 'name')
  FROM archive, document WHERE archive.name IS DISTINCT FROM translate(database ->> 'name', E'\r\n', '  ')
  UNION ALL
  SELECT format('its archive is of PostgreSQL %s, and its manifest says %s', server, set ->> 'server')
  FROM archive, document WHERE server IS DISTINCT FROM set ->> 'server'
  UNION ALL
  SELECT format('its archive was made by pg_dump %s, and its manifest says %s', tool, set ->> 'pgDump')
  FROM archive, document WHERE set ->> 'pgDump' IS DISTINCT FROM 'pg_dump (PostgreSQL) ' || tool
  UNION ALL
  SELECT format('its archive has %s bytes, and its manifest says %s', :bytes, database ->> 'bytes')
  FROM document WHERE database ->> 'bytes' IS DISTINCT FROM :'bytes'
  UNION ALL
  SELECT format('its table %s has %s rows with the checksum %s in its manifest or its fingerprint, but not in both', name, rows, checksum)
  FROM (
    (SELECT * FROM described EXCEPT ALL SELECT * FROM dumped) UNION ALL (SELECT * FROM dumped EXCEPT ALL SELECT * FROM described)
  ) AS differing (name, rows, checksum)
  UNION ALL
  SELECT format('its archive has the extensions %s, and its manifest says %s', coalesce(archived, 'none'), coalesce(described, 'none'))
  FROM
    (
      SELECT string_agg(parts[1], ', ' ORDER BY parts[1] COLLATE "C") AS archived
      FROM regexp_matches(:'list', '(?n)^[0-9]+; [0-9]+ [0-9]+ EXTENSION - (\S+)', 'g') AS parts
      WHERE parts[1] <> 'plpgsql'
    ) AS archived,
    (
      SELECT string_agg(name, ', ' ORDER BY name COLLATE "C") AS described
      FROM document, jsonb_object_keys(database -> 'extensions') AS name
      -- Every new database has it, and pg_dump writes it only if it was changed.
      WHERE name <> 'plpgsql'
    ) AS described
  WHERE archived IS DISTINCT FROM described
) AS found (reason);
