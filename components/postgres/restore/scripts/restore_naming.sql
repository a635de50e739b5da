-- A temporary function: pg_temp.beside(name, suffix) is the name of a database that belongs to another one.
CREATE FUNCTION pg_temp.beside(name text, suffix text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  -- PostgreSQL truncates longer names.
  SELECT CASE WHEN octet_length(name || suffix) < 64 THEN name ELSE left(md5(name), 16) END || suffix
$$;
