-- Marks one database of the target as copied and compared. Variables: database; id; server, that the data come from;
-- comment that a person gave it, if any.
\ir stamps.sql
\set state copied
\ir move_mark.sql
SELECT pg_temp.put_stamp(:'database', pg_temp.stamp(:'database') || jsonb_build_object('comment', nullif(:'comment', '')))
\g /dev/null
