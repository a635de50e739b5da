-- Creates an empty database for a copy; what an interrupted run has left is dropped. Variables: username; copy.
\set VERBOSITY terse
\ir marks.sql
\ir restore_drop.sql
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'copy', :'username') \gexec
SELECT pg_temp.put_mark(:'copy', '{"state": "restoring"}') \g /dev/null
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'copy') \gexec
