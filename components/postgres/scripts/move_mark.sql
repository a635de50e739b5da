-- Marks one database of the target. Needs stamps.sql. Variables: database; state; id; server, that the data come from.
SELECT pg_temp.put_stamp(:'database', pg_temp.stamp(:'database') - '{arrived,downtime}'::text[] || jsonb_build_object(
  'state', :'state', 'id', :'id', 'server', :'server'
)) \g /dev/null
