-- Roles that the database at hand or something in it belongs to or grants to, as JSON; not the app's, not the admin's.
-- Variable: username.
SELECT coalesce(json_agg(DISTINCT rolname), '[]')
FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid
WHERE refclassid = 'pg_authid'::regclass
  AND (
    dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    OR (classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = current_database()))
  )
  AND rolname NOT IN (:'username', current_user) AND rolname !~ '^pg_';
