-- Drops a copy, if it exists. Variable: copy.
\set VERBOSITY terse
\ir move_sessions.sql
SELECT pg_temp.end_sessions(NULL, ARRAY[:'copy']) \g /dev/null
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname = :'copy' \gexec
