-- Fingerprint of the current database, one line for each table and each kind of object: kind, name, number, checksum (which
-- does not depend on the order of rows). Variables: definitions, whether to include the objects' definitions (yes or no),
-- which are only comparable between servers of the same major version; optionally snapshot, an exported one to read from.
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
\if :{?snapshot}
SET TRANSACTION SNAPSHOT :'snapshot';
\endif
-- Settings that affect the text form of values, for equal text on both servers.
SET LOCAL search_path = '';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL TimeZone = 'UTC';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
SET LOCAL lc_monetary = 'C';
SET LOCAL row_security = off;

-- First, since a snapshot does not include their values, which may only be larger in a copy that is made meanwhile.
SELECT format(
  'SELECT ''sequence'', %L, last_value, CASE WHEN is_called THEN 1 ELSE 0 END FROM %s',
  pg_class.oid::regclass, pg_class.oid::regclass
)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'S' AND nspname !~ '^(pg_|information_schema$)'
ORDER BY pg_class.oid::regclass::text COLLATE "C" \gexec

-- Large objects, in pieces of 1 MiB: one may be larger than memory.
WITH RECURSIVE pieces AS (
  SELECT oid, 0::bigint AS number, lo_get(oid, 0, 1048576) AS piece FROM pg_largeobject_metadata
  UNION ALL
  SELECT oid, number + 1, lo_get(oid, (number + 1) * 1048576, 1048576) FROM pieces WHERE length(piece) = 1048576
)
SELECT
  'large objects', '', (SELECT count(*) FROM pg_largeobject_metadata),
  coalesce(sum(hashtextextended(format('%s %s %s', oid, number, piece), 0)), 0)
FROM pieces;

-- Tables, also an extension's configuration tables.
SELECT format(
  'SELECT ''table'', %L, count(*), coalesce(sum(hashtextextended((whole_row.*)::text, 0)), 0) FROM ONLY %s AS whole_row',
  pg_class.oid::regclass, pg_class.oid::regclass
)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema$)'
  AND (
    NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
    OR EXISTS (SELECT FROM pg_extension WHERE pg_class.oid = ANY (extconfig))
  )
ORDER BY pg_class.oid::regclass::text COLLATE "C" \gexec

-- All other objects: their number and, if comparable, their definitions.
WITH relations AS (
  SELECT pg_class.* FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname !~ '^(pg_|information_schema$)'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
), definitions (kind, definition) AS (
  SELECT 'extensions', extname FROM pg_extension
  UNION ALL
  SELECT 'schemas', nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'
  UNION ALL
  SELECT
    CASE relkind
      WHEN 'p' THEN 'partitioned tables' WHEN 'm' THEN 'materialized views' WHEN 'f' THEN 'foreign tables' ELSE 'views'
    END,
    concat_ws(' ', oid::regclass, pg_get_partkeydef(oid), CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END)
  FROM relations WHERE relkind IN ('p', 'v', 'm', 'f')
  UNION ALL
  SELECT 'partitions', concat_ws(' ', oid::regclass, pg_get_expr(relpartbound, oid)) FROM relations WHERE relispartition
  UNION ALL
  SELECT 'columns', concat_ws(
    ' ', relations.oid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
    collname, pg_get_expr(adbin, adrelid)
  )
  FROM relations
  JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = relations.oid AND adnum = attnum
  LEFT JOIN pg_collation ON pg_collation.oid = attcollation
  WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 'indexes', concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid, indisclustered, indisreplident)
  FROM pg_index JOIN relations ON relations.oid = indrelid
  UNION ALL
  SELECT 'constraints', concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid), convalidated)
  FROM pg_constraint JOIN relations ON relations.oid = conrelid
  UNION ALL
  SELECT 'triggers', concat_ws(' ', pg_get_triggerdef(pg_trigger.oid), tgenabled)
  FROM pg_trigger JOIN relations ON relations.oid = tgrelid WHERE NOT tgisinternal
  UNION ALL
  SELECT 'rules', pg_get_ruledef(pg_rewrite.oid) FROM pg_rewrite JOIN relations ON relations.oid = ev_class AND relkind <> 'v' AND relkind <> 'm'
  UNION ALL
  SELECT 'policies', concat_ws(' ', polrelid::regclass, polname, polcmd, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  FROM pg_policy
  UNION ALL
  SELECT 'functions', concat_ws(' ', pg_proc.oid::regprocedure, CASE WHEN prokind IN ('f', 'p') THEN pg_get_functiondef(pg_proc.oid) END)
  FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
  WHERE nspname !~ '^(pg_|information_schema$)'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
  UNION ALL
  SELECT 'types', concat_ws(
    ' ', pg_type.oid::regtype, typtype,
    (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = pg_type.oid),
    (SELECT string_agg(pg_get_constraintdef(oid), ',' ORDER BY conname) FROM pg_constraint WHERE contypid = pg_type.oid)
  )
  FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace
  WHERE nspname !~ '^(pg_|information_schema$)' AND typtype IN ('e', 'd', 'r', 'c')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = pg_type.oid AND deptype IN ('e', 'i'))
  UNION ALL
  SELECT 'comments', concat_ws(' ', (pg_identify_object(classoid, objoid, objsubid)).identity, description)
  FROM pg_description
  -- FirstNormalObjectId: lower ones belong to objects that initdb created.
  WHERE objoid >= 16384 AND classoid <> 'pg_extension'::regclass
    AND NOT EXISTS (SELECT FROM pg_depend WHERE pg_depend.classid = classoid AND objid = objoid AND deptype = 'e')
  UNION ALL
  SELECT 'grants', concat_ws(' ', relations.oid::regclass, grantee::regrole, privilege_type, is_grantable)
  FROM relations CROSS JOIN LATERAL aclexplode(relacl) WHERE grantee <> relowner
), kinds (kind) AS (
  VALUES ('extensions'), ('schemas'), ('partitioned tables'), ('partitions'), ('views'), ('materialized views'),
    ('foreign tables'), ('columns'), ('indexes'), ('constraints'), ('triggers'), ('rules'), ('policies'), ('functions'),
    ('types'), ('comments'), ('grants')
)
SELECT
  kind, '', count(definition),
  CASE :'definitions' WHEN 'yes' THEN coalesce(sum(hashtextextended(definition, 0)), 0) ELSE 0 END
FROM kinds LEFT JOIN definitions USING (kind)
GROUP BY kind
ORDER BY kind;
COMMIT;
