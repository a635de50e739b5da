-- Statements that make the extensions of the database at hand elsewhere, by the role that has them here where that is the
-- app's. Variable: username.
SELECT
  format('SET ROLE %I;', CASE rolname WHEN :'username' THEN :'username' ELSE 'none' END),
  format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I;', extname, nspname),
  -- One that the bootstrap made where it is by default.
  CASE WHEN extrelocatable THEN format('ALTER EXTENSION %I SET SCHEMA %I;', extname, nspname) END
FROM pg_extension
JOIN pg_namespace ON pg_namespace.oid = extnamespace
JOIN pg_roles ON pg_roles.oid = extowner
WHERE extname <> 'plpgsql'
ORDER BY pg_extension.oid;
