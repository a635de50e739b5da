-- Statements that create the current database's extensions on the target, in the same schemas; those that the app's role
-- owns are created by it. Variable: username.
SELECT
  -- The bootstrap may have created the extension in its default schema.
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
