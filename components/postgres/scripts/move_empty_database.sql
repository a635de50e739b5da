-- Creates an empty database, or recreates one with contents, and marks it as a copy in progress. Variables: username;
-- database; id; server, the source; objects, the number of objects in it.
\set VERBOSITY terse
\ir marks.sql
\ir move_sessions.sql
-- Not `WITH (FORCE)`, which needs a superuser while autovacuum is running in it; a plain DROP DATABASE cancels autovacuum.
SELECT pg_temp.end_sessions(NULL, ARRAY[:'database']) WHERE :objects > 0 \g /dev/null
SELECT format('DROP DATABASE %I', :'database') WHERE :objects > 0 \gexec
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'database', :'username')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
\set state copying
\ir move_mark.sql
