-- Part of bootstrap.sql: all checks, before anything is changed. Creates the table `wanted` (number, name, setting, present,
-- new); sets role (absent, ours or adopted), own_mark, refused (whether a check failed) and refusals (their messages).
SELECT jsonb_build_object('made_by', jsonb_build_object('stack', :'stack', 'app', :'app', 'id', :'deployment')) AS own_mark \gset
SELECT regexp_replace(:'username', '[[:cntrl:]]', ' ', 'g') AS shown \gset

CREATE TEMPORARY TABLE wanted AS
SELECT
  number, name, setting, owned.rolname AS owner, datname IS NOT NULL AS present, false AS new,
  pg_encoding_to_char(encoding) AS encoding, datallowconn AND NOT datistemplate AS usable,
  pg_temp.mark(name) AS mark, pg_temp.role_mark(owned.rolname) -> 'made_by' AS owner_made_by
FROM ROWS FROM (
  regexp_split_to_table(:'databases', E'\n'), regexp_split_to_table(:'settings', E'\n')
) WITH ORDINALITY AS named (name, setting, number)
LEFT JOIN pg_database ON datname = name
LEFT JOIN pg_roles AS owned ON owned.oid = datdba;

CREATE TEMPORARY TABLE facts AS
SELECT
  app.oid, app.rolname IS NOT NULL AS present, app.rolsuper AS super, app.rolcanlogin AS may_login,
  pg_temp.role_mark(:'username') -> 'made_by' AS made_by,
  (SELECT count(*) FROM pg_stat_activity WHERE usesysid = app.oid) AS sessions,
  admin.rolsuper OR (
    admin.rolcreaterole AND NOT coalesce(app.rolsuper, false) AND (
      app.oid IS NULL
      OR current_setting('server_version_num')::int < 160000
      OR pg_has_role(admin.oid, app.oid, 'MEMBER WITH ADMIN OPTION')
    )
  ) AS admin_may,
  admin.rolsuper OR admin.rolcreatedb AS admin_may_create_databases
FROM pg_roles AS admin
LEFT JOIN pg_roles AS app ON app.rolname = :'username'
WHERE admin.rolname = current_user;

-- Who created the role. Roles of earlier versions of the program have no mark: a mark of a move on one of their databases
-- or the password in the app's Secret proves that this stack created them. The password does so for a renamed stack, too.
CREATE TEMPORARY TABLE verdict AS
SELECT CASE
  WHEN NOT present THEN 'absent'
  WHEN :'adopt' = 'all' OR made_by = :'own_mark'::jsonb -> 'made_by' THEN 'ours'
  -- The stack was destroyed and is deployed again.
  WHEN same_stack AND sessions = 0 THEN 'ours'
  WHEN made_by IS NULL AND EXISTS (
    SELECT FROM wanted
    WHERE owner = :'username'
      AND (mark ? 'state' OR mark -> 'made_by' = :'own_mark'::jsonb -> 'made_by')
  ) THEN 'ours'
  WHEN :'adopt' = 'yes' AND (made_by IS NULL OR same_stack) THEN 'adopted'
  -- What another stack created is on the server that the backup is of; this is a copy.
  WHEN :'adopt' = 'copy' THEN 'adopted'
  ELSE 'unknown'
END AS role
FROM facts
CROSS JOIN LATERAL (SELECT (made_by - 'id') IS NOT DISTINCT FROM (:'own_mark'::jsonb -> 'made_by') - 'id' AS same_stack) AS compared;
SELECT role = 'unknown' AND :'username' <> current_user AS unknown FROM verdict \gset
\set proven no
\if :unknown
  \set proven `sh "$HERE/bootstrap_proof.sh" </dev/null`
\endif
UPDATE verdict SET role = 'ours' WHERE role = 'unknown' AND :'proven' = 'yes';
SELECT role FROM verdict \gset

CREATE TEMPORARY TABLE refusals (number serial, reason text);
INSERT INTO refusals (reason)
SELECT format('role %s is the admin role: set `%s.database.username` to another name', :'shown', :'app')
WHERE :'username' = current_user;

INSERT INTO refusals (reason)
SELECT format('role %s is a superuser: set `%s.database.username` to another name', :'shown', :'app')
FROM facts
WHERE super AND :'adopt' <> 'all' AND :'username' <> current_user;

INSERT INTO refusals (reason)
SELECT format(
  CASE
    WHEN made_by IS NULL THEN 'role %1$s already exists and was not created by this program%5$s: set'
      ' `%2$s.database.username` to another name, or set `%2$s.database.adopt: true` to adopt the role, which changes its'
      ' password'
    WHEN made_by ->> 'stack' = :'stack' AND made_by ->> 'app' = :'app' THEN
      'role %1$s was created by another deployment of the stack %3$s%5$s: set `%2$s.database.username` to another name, or'
      ' set `%2$s.database.adopt: true` to adopt the role, which changes its password'
    ELSE 'role %1$s was created by the stack %3$s for %4$s%5$s: set `%2$s.database.username` to another name, or, if this'
      ' server was restored from a backup of that stack''s, set `%2$s.database.adopt: true` beside `restoreFrom`, or, if that'
      ' stack no longer exists, run COMMENT ON ROLE %6$I IS NULL and set `%2$s.database.adopt: true`'
  END,
  :'shown', :'app', made_by ->> 'stack', made_by ->> 'app',
  CASE sessions WHEN 0 THEN '' WHEN 1 THEN ' (it has 1 open session)' ELSE format(' (it has %s open sessions)', sessions) END,
  :'username'
)
FROM facts CROSS JOIN verdict
WHERE role = 'unknown' AND :'username' <> current_user AND NOT super;

-- The owner of a database is never changed here: its tables would keep their old owner, and the app could not use them.
INSERT INTO refusals (reason)
SELECT format(
  CASE
    WHEN made_by IS NOT NULL AND (made_by ->> 'stack', made_by ->> 'app') <> (:'stack', :'app') THEN
      'database %1$s belongs to role %2$s, and was created by the stack %6$s for %7$s: set `%4$s` to another name'
    WHEN made_by IS NOT NULL THEN 'database %1$s belongs to role %2$s, not to %3$s, and was created by this stack: restore'
      ' `%5$s.database.username: %2$s`, or rename the role (ALTER ROLE %8$I RENAME TO %9$I)'
    ELSE 'database %1$s belongs to role %2$s, not to %3$s: set `%4$s` to another name, or change the owner of the database'
      ' (ALTER DATABASE %10$I OWNER TO %9$I) and of its tables, and set `%5$s.database.adopt: true`'
  END,
  regexp_replace(name, '[[:cntrl:]]', ' ', 'g'), owner, :'shown', setting, :'app', made_by ->> 'stack', made_by ->> 'app',
  owner, :'username', name
)
FROM wanted CROSS JOIN LATERAL (SELECT coalesce(mark -> 'made_by', owner_made_by) AS made_by) AS creator
WHERE present AND owner <> :'username'
ORDER BY number;

INSERT INTO refusals (reason)
SELECT format(
  'database %s was created by the stack %s for %s: set `%s` to another name, or, if this server was restored from a backup'
  ' of that stack''s, set `%s.database.adopt: true` beside `restoreFrom`, or, if that stack no longer exists, run'
  ' COMMENT ON DATABASE %I IS NULL',
  name, mark #>> '{made_by,stack}', mark #>> '{made_by,app}', setting, :'app', name
)
FROM wanted
WHERE present AND owner = :'username' AND :'adopt' NOT IN ('all', 'copy') AND :'proven' = 'no'
  AND (mark #>> '{made_by,stack}', mark #>> '{made_by,app}') <> (:'stack', :'app')
ORDER BY number;

INSERT INTO refusals (reason)
SELECT format('database %s %s: set `%s` to another name', name, reason, setting)
FROM wanted
CROSS JOIN LATERAL (
  SELECT format('has the encoding %s, and the apps need UTF8', encoding) AS reason WHERE encoding <> 'UTF8'
  UNION ALL SELECT 'is a template or does not accept connections' WHERE NOT usable
) AS unfit
-- Databases that this stack has already created or adopted are not checked again.
WHERE present AND owner = :'username' AND :'adopt' IN ('yes', 'copy') AND NOT mark ? 'made_by'
ORDER BY number;

-- Privileges that the admin lacks.
INSERT INTO refusals (reason)
SELECT CASE
  WHEN present THEN format(
    'the admin %1$s has no permission to alter role %2$s: run GRANT %3$I TO %4$I WITH ADMIN OPTION and ALTER ROLE %4$I'
    ' CREATEROLE',
    current_user, :'shown', :'username', current_user
  )
  ELSE format(
    'role %2$s does not exist, and the admin %1$s has no permission to create it: run ALTER ROLE %3$I CREATEROLE, or run'
    ' CREATE ROLE %4$I and GRANT %4$I TO %3$I WITH ADMIN OPTION and set `%5$s.database.adopt: true`',
    current_user, :'shown', current_user, :'username', :'app'
  )
END
FROM facts
WHERE NOT admin_may AND NOT coalesce(super, false) AND :'username' <> current_user;

INSERT INTO refusals (reason)
SELECT format(
  'database %1$s does not exist, and the admin %2$s has no permission to create it: run ALTER ROLE %3$I CREATEDB, or CREATE'
  ' DATABASE %4$I OWNER %5$I ENCODING ''UTF8'' TEMPLATE template0',
  name, current_user, current_user, name, :'username'
)
FROM wanted CROSS JOIN facts
WHERE NOT wanted.present AND NOT admin_may_create_databases
ORDER BY number;

INSERT INTO refusals (reason)
SELECT format('extension %s is not available on this server: install it, or remove it from the stack file', name)
FROM (SELECT DISTINCT substring(line FROM '[^:]*$') AS name FROM regexp_split_to_table(:'extensions', E'\n') AS line) AS extensions
WHERE name <> '' AND name NOT IN (SELECT pg_available_extensions.name FROM pg_available_extensions)
ORDER BY name;

-- Names of roles and databases are stored in the encoding of the database in which the statement runs.
INSERT INTO refusals (reason)
SELECT format('name %s contains non-ASCII characters, and database %s does not have the encoding UTF8', name, current_database())
FROM (SELECT :'username' AS name UNION ALL SELECT name FROM wanted) AS names
WHERE name ~ '[^\x01-\x7f]' AND (
  SELECT pg_encoding_to_char(encoding) <> 'UTF8' FROM pg_database WHERE datname = current_database()
);

-- An app must not start on outdated data, nor on an incomplete copy.
INSERT INTO refusals (reason)
SELECT format(
  CASE mark ->> 'state'
    WHEN 'moved' THEN 'the data of database %s were moved to %s, and those on this server are outdated: to move them back, set'
      ' `moveFrom` to that server'
    ELSE 'database %s is the target of an unfinished move from another server: to finish it, set `moveFrom` to that server;'
      ' to cancel it, set `postgresql` to that server'
  END,
  name, mark ->> 'server'
)
FROM wanted
WHERE :'arriving' <> 'yes' AND mark ->> 'state' IN ('moved', 'awaited', 'copying', 'copied')
ORDER BY number;

-- Also new is a database that an interrupted run created: the role has its mark and cannot log in yet.
UPDATE wanted
SET new = NOT present OR (
  SELECT facts.made_by IS NOT NULL AND NOT facts.may_login FROM facts
) AND NOT mark ? 'made_by' AND NOT mark ? 'state';

SELECT
  count(*) > 0 AS refused,
  format(E'%s: preconditions are not met, nothing was changed:\n', :'address') || string_agg('- ' || reason, E'\n' ORDER BY number) AS refusals
FROM refusals \gset
