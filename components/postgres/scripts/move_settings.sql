-- Statements that copy a database's settings and privileges to the target. Variables: username; database; roles of the
-- target, as JSON; optionally target, the database's name there if it is another one.
\if :{?target}
\else
\set target :database
\endif
SELECT format(
  CASE WHEN setrole = 0 THEN 'ALTER DATABASE %1$I SET %3$s TO %4$s;' ELSE 'ALTER ROLE %2$I IN DATABASE %1$I SET %3$s TO %4$s;' END,
  :'target', rolname, split_part(setting, '=', 1),
  -- The value of a list is stored with its quotes.
  CASE WHEN split_part(setting, '=', 1) IN (
    'search_path', 'local_preload_libraries', 'session_preload_libraries', 'temp_tablespaces', 'DateStyle'
  ) THEN substr(setting, position('=' IN setting) + 1) ELSE quote_literal(substr(setting, position('=' IN setting) + 1)) END
)
FROM pg_db_role_setting
CROSS JOIN LATERAL unnest(setconfig) AS setting
LEFT JOIN pg_roles ON pg_roles.oid = setrole
WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = :'database')
  AND (setrole = 0 OR rolname IN (SELECT json_array_elements_text(:'roles')));

SELECT format('GRANT %s ON DATABASE %I TO %I;', privilege_type, :'target', grantee.rolname)
FROM pg_database
CROSS JOIN LATERAL aclexplode(datacl) AS entry
JOIN pg_roles AS grantee ON grantee.oid = entry.grantee
WHERE datname = :'database' AND entry.grantee <> datdba
  AND grantee.rolname IN (SELECT json_array_elements_text(:'roles'));
