-- Databases of an exchange that exist under their other names. Variables: databases; word and stamp, as in
-- restore_exchange.sql.
\ir restore_naming.sql
SELECT string_agg(datname, ', ' ORDER BY number)
FROM regexp_split_to_table(:'databases', E'\n') WITH ORDINALITY AS named (name, number)
JOIN pg_database ON datname = pg_temp.beside(name, format('_%s_%s', :'word', :'stamp'));
