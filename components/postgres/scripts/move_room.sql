-- An empty database, marked as a copy in the making. Variables: username; database; id; server, that the data come from;
-- things, how many there are in it.
\set VERBOSITY terse
\ir stamps.sql
SELECT format('DROP DATABASE %I WITH (FORCE)', :'database') WHERE :things > 0 \gexec
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'database', :'username')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
\set state copying
\ir move_mark.sql
