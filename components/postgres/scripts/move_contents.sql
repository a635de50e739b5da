-- Number of objects in the current database that belong neither to PostgreSQL itself nor to an extension.
WITH objects AS (
  SELECT 'pg_class'::regclass::oid AS class, oid, relnamespace AS namespace FROM pg_class
  UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
  UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type
  UNION ALL SELECT 'pg_namespace'::regclass, oid, oid FROM pg_namespace WHERE nspname <> 'public'
  UNION ALL SELECT 'pg_largeobject'::regclass, oid, NULL FROM pg_largeobject_metadata
)
SELECT count(*)
FROM objects LEFT JOIN pg_namespace ON pg_namespace.oid = namespace
WHERE coalesce(nspname, '') !~ '^(pg_|information_schema$)'
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = class AND objid = objects.oid AND deptype = 'e')
  -- Array types and row types belong to another object.
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = class AND objid = objects.oid AND deptype = 'i');
