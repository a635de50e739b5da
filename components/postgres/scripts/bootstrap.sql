-- Creates one app's role and databases, or brings existing ones up to date. It can be run repeatedly and concurrently. If it
-- is interrupted at any point, the next run completes it.
-- Variables: username; databases, extensions (database:extension) and settings (of the databases' names), one per line;
-- connection_limit (-1: none); statement_timeout and idle_timeout, in seconds (0: none);
-- arriving, whether this server is the target of a move (yes or no); stack, app and deployment, which identify the creator;
-- adopt (no, yes, copy, all); address, the server's name for messages. Environment: HERE, STATUS; see bootstrap.sh.
\set VERBOSITY terse
SET client_min_messages = warning;
-- The admin role may have timeouts of its own, which must not apply here.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SELECT pg_advisory_lock(hashtextextended('lakehouse bootstrap', 0)) \g /dev/null
\ir marks.sql
\ir bootstrap_checks.sql
\if :refused
  \warn :refusals
  \! echo 3 >"$STATUS"
  \quit
\endif

-- First the role and its mark, with NOLOGIN if the role is new: from here on the databases that it owns are this stack's.
BEGIN;
SELECT format('CREATE ROLE %I NOLOGIN', :'username') WHERE :'role' = 'absent' \gexec
SELECT pg_temp.put_role_mark(:'username', pg_temp.role_mark(:'username') || :'own_mark') \g /dev/null
-- An admin that is not a superuser can create databases only for roles of which it is a member.
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

-- Everything that affects a running app, in one transaction.
BEGIN;
\ir bootstrap_moves.sql
\set statement_timeout_text :statement_timeout 's'
\set idle_timeout_text :idle_timeout 's'
ALTER ROLE :"username" :may_login CONNECTION LIMIT :connection_limit;
ALTER ROLE :"username" SET statement_timeout = :'statement_timeout_text';
ALTER ROLE :"username" SET idle_in_transaction_session_timeout = :'idle_timeout_text';
-- The server keeps the verifier as it is, whatever `password_encryption` says, and never sees the password.
\getenv verifier APP_VERIFIER
ALTER ROLE :"username" PASSWORD :'verifier';
SELECT pg_temp.put_mark(name, pg_temp.mark(name) || :'own_mark') FROM wanted \g /dev/null
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name) FROM wanted \gexec
COMMIT;
