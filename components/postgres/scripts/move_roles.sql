-- Other roles than the app's and the admin that own or have privileges on the current database or objects in it, as JSON.
-- Variable: username.
SELECT coalesce(json_agg(DISTINCT rolname), '[]')
FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid
WHERE refclassid = 'pg_authid'::regclass
  AND (
    dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    OR (classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = current_database()))
  )
  AND rolname NOT IN (:'username', current_user) AND rolname !~ '^pg_';
