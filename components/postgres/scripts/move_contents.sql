-- How many things there are in the database at hand that neither PostgreSQL nor an extension has made.
WITH things AS (
  SELECT 'pg_class'::regclass::oid AS class, oid, relnamespace AS namespace FROM pg_class
  UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
  UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type
  UNION ALL SELECT 'pg_namespace'::regclass, oid, oid FROM pg_namespace WHERE nspname <> 'public'
  UNION ALL SELECT 'pg_largeobject'::regclass, oid, NULL FROM pg_largeobject_metadata
)
SELECT count(*)
FROM things LEFT JOIN pg_namespace ON pg_namespace.oid = namespace
WHERE coalesce(nspname, '') !~ '^(pg_|information_schema$)'
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = class AND objid = things.oid AND deptype = 'e')
  -- Arrays and row types go with what they are of.
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = class AND objid = things.oid AND deptype = 'i');
