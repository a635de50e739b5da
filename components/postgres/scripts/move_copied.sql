-- Marks one database of the target as copied and compared. Variables: database; id; server, the source; comment, by a
-- person, on the source's database, or empty.
\ir marks.sql
\set state copied
\ir move_mark.sql
SELECT pg_temp.put_mark(:'database', pg_temp.mark(:'database') || jsonb_build_object('comment', nullif(:'comment', '')))
\g /dev/null
