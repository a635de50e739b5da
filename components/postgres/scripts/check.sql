-- Lists the app's requirements that the current database and role do not meet, one per line; no line if all are met.
-- Variables: extensions (database:extension, one per line); connections, the lowest number that the app works with; app.
\set VERBOSITY terse
WITH missing (reason) AS (
  SELECT format('the server is PostgreSQL %s; %s needs version 13 to 17', version, :'app')
  FROM (SELECT current_setting('server_version_num')::int / 10000) AS server (version)
  WHERE version NOT BETWEEN 13 AND 17
  UNION ALL
  SELECT 'the server is a standby, which is read-only: set `host` to the primary'
  WHERE pg_is_in_recovery()
  UNION ALL
  SELECT format('database %s is read-only for role %s: default_transaction_read_only is on', current_database(), current_user)
  WHERE current_setting('default_transaction_read_only')::bool AND NOT pg_is_in_recovery()
  UNION ALL
  SELECT format('database %s has the encoding %s, and %s needs UTF8', current_database(), current_setting('server_encoding'), :'app')
  WHERE current_setting('server_encoding') <> 'UTF8'
  UNION ALL
  SELECT CASE
    WHEN to_regnamespace('public') IS NULL THEN
      format('database %s has no schema public: run CREATE SCHEMA public in it', current_database())
    ELSE format(
      'role %s has no permission to create tables in database %s: run there GRANT USAGE, CREATE ON SCHEMA public TO %I',
      current_user, current_database(), current_user
    )
  END
  WHERE (
    SELECT has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = 'public'
  ) IS NOT TRUE
  UNION ALL
  SELECT format(
    'in database %s, %s tables in schema public belong to other roles, such as %s: run there ALTER TABLE ... OWNER TO %I',
    current_database(), count(*), min(relname), current_user
  )
  FROM pg_class
  WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'p') AND NOT pg_has_role(relowner, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
  HAVING count(*) > 0
  UNION ALL
  SELECT CASE
    WHEN available.name IS NULL THEN
      format('extension %s, required in database %s, is not available on this server', extension, current_database())
    ELSE format(
      'database %s has no extension %s, and role %s has no permission to create it: run there CREATE EXTENSION %I as an admin',
      current_database(), extension, current_user, extension
    )
  END
  FROM (
    SELECT substring(line FROM '[^:]*$') AS extension
    FROM regexp_split_to_table(:'extensions', E'\n') AS line
    WHERE substring(line FROM '^(.*):') = current_database()
  ) AS wanted
  LEFT JOIN (
    SELECT pg_available_extensions.name, trusted
    FROM pg_available_extensions
    LEFT JOIN pg_available_extension_versions AS versions
      ON versions.name = pg_available_extensions.name AND version = default_version
  ) AS available ON available.name = extension
  WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = extension)
    AND (available.trusted AND has_database_privilege(current_database(), 'CREATE')) IS NOT TRUE
  UNION ALL
  SELECT format('%s allows %s connections, and %s needs %s: %s', what, number, :'app', :'connections', remedy)
  FROM (
    SELECT format('role %s', rolname), rolconnlimit, format('run ALTER ROLE %I CONNECTION LIMIT -1', rolname)
    FROM pg_roles WHERE rolname = current_user AND rolconnlimit >= 0
    UNION ALL
    SELECT format('database %s', datname), datconnlimit, format('run ALTER DATABASE %I CONNECTION LIMIT -1', datname)
    FROM pg_database WHERE datname = current_database() AND datconnlimit >= 0
    UNION ALL
    SELECT 'the server', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
      'raise max_connections'
  ) AS limits (what, number, remedy)
  WHERE number < :connections
)
SELECT reason FROM missing;
