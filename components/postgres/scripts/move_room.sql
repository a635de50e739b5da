-- An empty database, marked as a copy in the making. Variables: username; database; id; server, that the data come from;
-- things, how many there are in it.
\set VERBOSITY terse
\ir stamps.sql
\ir move_sessions.sql
-- Not `WITH (FORCE)`, which only a superuser may do while autovacuum is at work there; a plain one ends that.
SELECT pg_temp.end_sessions(NULL, ARRAY[:'database']) WHERE :things > 0 \g /dev/null
SELECT format('DROP DATABASE %I', :'database') WHERE :things > 0 \gexec
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'database', :'username')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
\set state copying
\ir move_mark.sql
