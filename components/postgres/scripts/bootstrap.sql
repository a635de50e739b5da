-- One app's role and databases. May run again, and twice at once. Variables: username; databases, separated by
-- spaces; scram_iterations, of the password's verifier; connection_limit (-1 none); statement_timeout and idle_timeout,
-- in seconds (0 none); arriving, whether a move is to bring the data here (yes or no).
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT pg_advisory_lock(hashtextextended('lakehouse bootstrap', 0)) \g /dev/null

CREATE TEMPORARY TABLE wanted AS
SELECT regexp_split_to_table(:'databases', ' +') AS name;
\ir arrivals.sql

\set statement_timeout_text :statement_timeout 's'
\set idle_timeout_text :idle_timeout 's'
SELECT format('CREATE ROLE %I', :'username')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'username') \gexec

-- Where a copy is still to come the role stays out: pods that were never switched away would write into it.
SELECT CASE
  WHEN :'arriving' = 'yes' AND (
    SELECT bool_or(oid IS NULL OR pg_temp.stamp(name) ->> 'state' IN ('awaited', 'copying', 'copied', 'moved'))
    FROM wanted LEFT JOIN pg_database ON datname = name
  ) THEN 'NOLOGIN'
  ELSE 'LOGIN'
END AS may_login \gset
ALTER ROLE :"username" :may_login CONNECTION LIMIT :connection_limit;
ALTER ROLE :"username" SET statement_timeout = :'statement_timeout_text';
ALTER ROLE :"username" SET idle_in_transaction_session_timeout = :'idle_timeout_text';
-- Before version 14 the default is MD5.
SET password_encryption = 'scram-sha-256';
-- PostgreSQL 16 and later let a session choose; psql makes the verifier with what the server says.
SELECT set_config('scram_iterations', :'scram_iterations', false)
WHERE EXISTS (SELECT FROM pg_settings WHERE name = 'scram_iterations') \g /dev/null
\password :"username"

-- An admin that is no superuser may give a database only to a role that it is a member of.
SELECT format('GRANT %I TO CURRENT_USER', :'username')
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec

SELECT
  format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', name, :'username'),
  -- An app must not start on it before the copy is there.
  CASE :'arriving' WHEN 'yes' THEN format('COMMENT ON DATABASE %I IS %L', name, 'lakehouse move {"state": "awaited"}') END
FROM wanted
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec

-- Tables inside would keep their old owner, and the app would lose them: that is for a person to decide.
SELECT set_config('lakehouse.username', :'username', false) \g /dev/null
DO $$
DECLARE
  foreign_owner record;
BEGIN
  SELECT datname, rolname INTO foreign_owner
  FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba JOIN wanted ON datname = name
  WHERE rolname <> current_setting('lakehouse.username')
  LIMIT 1;
  IF FOUND THEN
    -- No HINT: VERBOSITY terse, which keeps statements out of the log, leaves it out.
    RAISE EXCEPTION 'database % belongs to role %, not to %: name that role in the stack file, or give the database and all in it to the new one first',
      foreign_owner.datname, foreign_owner.rolname, current_setting('lakehouse.username');
  END IF;
END
$$;

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name) FROM wanted \gexec
