-- One app's role and databases. May run again, and twice at once, and be killed anywhere: then the next run goes on.
-- Variables: username; databases, extensions (database:extension) and settings (of the databases' names), one a line;
-- scram_iterations, of the password's verifier; connection_limit (-1 none); statement_timeout and idle_timeout, in seconds
-- (0 none); arriving, whether a move is to bring the data here (yes or no); stack, app and deployment, which are written on
-- what is made; adopt (no, yes, all); address, what people call the server. Environment: HERE, STATUS; see bootstrap.sh.
\set VERBOSITY terse
SET client_min_messages = warning;
-- An admin's own limits are not meant for this.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SELECT pg_advisory_lock(hashtextextended('lakehouse bootstrap', 0)) \g /dev/null
\ir stamps.sql
\ir bootstrap_look.sql
\if :refused
  \warn :refusals
  \! echo 3 >"$STATUS"
  \quit
\endif

-- First the role, without a login if it is new, and its mark: from here on what it owns is known to be ours.
BEGIN;
SELECT format('CREATE ROLE %I NOLOGIN', :'username') WHERE :'role' = 'absent' \gexec
SELECT pg_temp.put_role_stamp(:'username', pg_temp.role_stamp(:'username') || :'mark') \g /dev/null
-- An admin that is no superuser may give a database only to a role that it is a member of.
SELECT format('GRANT %I TO CURRENT_USER', :'username')
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec
COMMIT;

SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', name, :'username')
FROM wanted
WHERE NOT present
ORDER BY number \gexec

\! sh "$HERE/bootstrap_extensions.sh" </dev/null
\if :SHELL_ERROR
  \! echo 1 >"$STATUS"
  \quit
\endif

-- Then all that an app would notice, at once.
BEGIN;
\ir bootstrap_moves.sql
\set statement_timeout_text :statement_timeout 's'
\set idle_timeout_text :idle_timeout 's'
ALTER ROLE :"username" :may_login CONNECTION LIMIT :connection_limit;
ALTER ROLE :"username" SET statement_timeout = :'statement_timeout_text';
ALTER ROLE :"username" SET idle_in_transaction_session_timeout = :'idle_timeout_text';
-- Before version 14 the default is MD5.
SET password_encryption = 'scram-sha-256';
-- PostgreSQL 16 and later let a session choose; psql makes the verifier with what the server says.
SELECT set_config('scram_iterations', :'scram_iterations', false)
WHERE EXISTS (SELECT FROM pg_settings WHERE name = 'scram_iterations') \g /dev/null
\password :"username"
SELECT pg_temp.put_stamp(name, pg_temp.stamp(name) || :'mark') FROM wanted \g /dev/null
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name) FROM wanted \gexec
COMMIT;
