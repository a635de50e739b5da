-- Marks one database of the target as copied and compared. Variables: database; id; server, that the data come from.
\ir stamps.sql
\set state copied
\ir move_mark.sql
