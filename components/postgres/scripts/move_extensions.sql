-- Statements that make the extensions of the database at hand elsewhere, in the same schema, and by the role that has
-- them here where that is the app's. Variable: username.
SELECT
  -- One that the bootstrap made where it is by default.
  'RESET ROLE;',
  CASE WHEN extrelocatable THEN format(
    'DO $$ BEGIN IF EXISTS (SELECT FROM pg_extension WHERE extname = %1$L AND extnamespace <> %3$L::regnamespace)'
    ' THEN ALTER EXTENSION %1$I SET SCHEMA %2$I; END IF; END $$;',
    extname, nspname, quote_ident(nspname)
  ) END,
  format('SET ROLE %I;', CASE rolname WHEN :'username' THEN :'username' ELSE 'none' END),
  format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I;', extname, nspname)
FROM pg_extension
JOIN pg_namespace ON pg_namespace.oid = extnamespace
JOIN pg_roles ON pg_roles.oid = extowner
WHERE extname <> 'plpgsql'
ORDER BY pg_extension.oid;
