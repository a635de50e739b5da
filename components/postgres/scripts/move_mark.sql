-- Marks one database of the target. Needs marks.sql. Variables: database; state; id; server, the source.
SELECT pg_temp.put_mark(:'database', pg_temp.mark(:'database') - '{arrived,downtime}'::text[] || jsonb_build_object(
  'state', :'state', 'id', :'id', 'server', :'server'
)) \g /dev/null
