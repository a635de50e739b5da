-- Part of bootstrap.sql: looks at everything before anything is changed. Makes the table `wanted` (number, name, setting,
-- present, new); sets role (absent, ours or adopted), mark, and, if there is a reason to change nothing, refused and
-- refusals, all there are.
SELECT jsonb_build_object('made_by', jsonb_build_object('stack', :'stack', 'app', :'app', 'id', :'deployment')) AS mark \gset
SELECT regexp_replace(:'username', '[[:cntrl:]]', ' ', 'g') AS shown \gset

CREATE TEMPORARY TABLE wanted AS
SELECT
  number, name, setting, owned.rolname AS owner, datname IS NOT NULL AS present, false AS new,
  pg_encoding_to_char(encoding) AS encoding, datallowconn AND NOT datistemplate AS usable,
  pg_temp.stamp(name) AS stamp, pg_temp.role_stamp(owned.rolname) -> 'made_by' AS owner_made_by
FROM ROWS FROM (
  regexp_split_to_table(:'databases', E'\n'), regexp_split_to_table(:'settings', E'\n')
) WITH ORDINALITY AS it (name, setting, number)
LEFT JOIN pg_database ON datname = name
LEFT JOIN pg_roles AS owned ON owned.oid = datdba;

CREATE TEMPORARY TABLE facts AS
SELECT
  app.oid, app.rolname IS NOT NULL AS present, app.rolsuper AS super, app.rolcanlogin AS may_login,
  pg_temp.role_stamp(:'username') -> 'made_by' AS made_by,
  (SELECT count(*) FROM pg_stat_activity WHERE usesysid = app.oid) AS sessions,
  admin.rolsuper OR (
    admin.rolcreaterole AND NOT coalesce(app.rolsuper, false) AND (
      app.oid IS NULL
      OR current_setting('server_version_num')::int < 160000
      OR pg_has_role(admin.oid, app.oid, 'MEMBER WITH ADMIN OPTION')
    )
  ) AS admin_may,
  admin.rolsuper OR admin.rolcreatedb AS admin_may_make_databases
FROM pg_roles AS admin
LEFT JOIN pg_roles AS app ON app.rolname = :'username'
WHERE admin.rolname = current_user;

-- Whose the role is. What an earlier version of the program made has no mark: its password proves it, or a database of its
-- that was moved. So does the password where the stack was renamed.
CREATE TEMPORARY TABLE verdict AS
SELECT CASE
  WHEN NOT present THEN 'absent'
  WHEN :'adopt' = 'all' OR made_by = :'mark'::jsonb -> 'made_by' THEN 'ours'
  -- It was destroyed and is deployed anew.
  WHEN same_stack AND sessions = 0 THEN 'ours'
  WHEN made_by IS NULL AND EXISTS (
    SELECT FROM wanted
    WHERE owner = :'username'
      AND (stamp ? 'state' OR stamp -> 'made_by' = :'mark'::jsonb -> 'made_by')
  ) THEN 'ours'
  WHEN :'adopt' = 'yes' AND (made_by IS NULL OR same_stack) THEN 'adopted'
  ELSE 'unknown'
END AS role
FROM facts
CROSS JOIN LATERAL (SELECT (made_by - 'id') IS NOT DISTINCT FROM (:'mark'::jsonb -> 'made_by') - 'id' AS same_stack) AS it;
SELECT role = 'unknown' AND :'username' <> current_user AS unknown FROM verdict \gset
\set proven no
\if :unknown
  \set proven `sh "$HERE/bootstrap_proof.sh" </dev/null`
\endif
UPDATE verdict SET role = 'ours' WHERE role = 'unknown' AND :'proven' = 'yes';
SELECT role FROM verdict \gset

CREATE TEMPORARY TABLE refusals (number serial, reason text);
INSERT INTO refusals (reason)
SELECT format('role %s is the admin''s own: name another `%s.database.username`', :'shown', :'app')
WHERE :'username' = current_user;

INSERT INTO refusals (reason)
SELECT format('role %s is a superuser: name another `%s.database.username`', :'shown', :'app')
FROM facts
WHERE super AND :'adopt' <> 'all' AND :'username' <> current_user;

INSERT INTO refusals (reason)
SELECT format(
  CASE
    WHEN made_by IS NULL THEN 'role %1$s exists already, and this program did not make it%5$s: name another `%2$s.database.username`,'
      ' or set `%2$s.database.adopt: true` to take it over, with a new password'
    WHEN made_by ->> 'stack' = :'stack' AND made_by ->> 'app' = :'app' THEN
      'role %1$s was made by another deployment of the stack %3$s%5$s: name another `%2$s.database.username`, or set'
      ' `%2$s.database.adopt: true` to take it over, with a new password'
    ELSE 'role %1$s was made by the stack %3$s for %4$s%5$s: name another `%2$s.database.username`, or, if that stack is no'
      ' more, take its mark away (COMMENT ON ROLE %6$I IS NULL) and set `%2$s.database.adopt: true`'
  END,
  :'shown', :'app', made_by ->> 'stack', made_by ->> 'app',
  CASE sessions WHEN 0 THEN '' WHEN 1 THEN ' (a session of it is open)' ELSE format(' (%s sessions of it are open)', sessions) END,
  :'username'
)
FROM facts CROSS JOIN verdict
WHERE role = 'unknown' AND :'username' <> current_user AND NOT super;

-- Tables inside would keep their old owner, and the app would lose them: a database of another role is for a person.
INSERT INTO refusals (reason)
SELECT format(
  CASE
    WHEN made_by IS NOT NULL AND (made_by ->> 'stack', made_by ->> 'app') <> (:'stack', :'app') THEN
      'database %1$s belongs to role %2$s, and was made by the stack %6$s for %7$s: name another `%4$s`'
    WHEN made_by IS NOT NULL THEN 'database %1$s belongs to role %2$s, not to %3$s, and this stack made it: put'
      ' `%5$s.database.username: %2$s` back, or rename the role (ALTER ROLE %8$I RENAME TO %9$I)'
    ELSE 'database %1$s belongs to role %2$s, not to %3$s: name another `%4$s`, or give the database and the tables in it'
      ' to the role (ALTER DATABASE %10$I OWNER TO %9$I) and set `%5$s.database.adopt: true`'
  END,
  regexp_replace(name, '[[:cntrl:]]', ' ', 'g'), owner, :'shown', setting, :'app', made_by ->> 'stack', made_by ->> 'app',
  owner, :'username', name
)
FROM wanted CROSS JOIN LATERAL (SELECT coalesce(stamp -> 'made_by', owner_made_by) AS made_by) AS it
WHERE present AND owner <> :'username'
ORDER BY number;

INSERT INTO refusals (reason)
SELECT format(
  'database %s was made by the stack %s for %s: name another `%s`, or, if that stack is no more, take its mark away'
  ' (COMMENT ON DATABASE %I IS NULL)',
  name, stamp #>> '{made_by,stack}', stamp #>> '{made_by,app}', setting, name
)
FROM wanted
WHERE present AND owner = :'username' AND :'adopt' <> 'all' AND :'proven' = 'no'
  AND (stamp #>> '{made_by,stack}', stamp #>> '{made_by,app}') <> (:'stack', :'app')
ORDER BY number;

INSERT INTO refusals (reason)
SELECT format('database %s %s: name another `%s`', name, reason, setting)
FROM wanted
CROSS JOIN LATERAL (
  SELECT format('has the encoding %s, and the apps need UTF8', encoding) AS reason WHERE encoding <> 'UTF8'
  UNION ALL SELECT 'is a template, or takes no connections' WHERE NOT usable
) AS it
-- What the apps are on already they stay on.
WHERE present AND owner = :'username' AND :'adopt' = 'yes' AND NOT stamp ? 'made_by'
ORDER BY number;

-- What the admin may not do.
INSERT INTO refusals (reason)
SELECT CASE
  WHEN present THEN format(
    'the admin %1$s may not change role %2$s: GRANT %3$I TO %4$I WITH ADMIN OPTION, and ALTER ROLE %4$I CREATEROLE',
    current_user, :'shown', :'username', current_user
  )
  ELSE format(
    'role %2$s does not exist, and the admin %1$s may not make it: ALTER ROLE %3$I CREATEROLE, or make the role (CREATE ROLE'
    ' %4$I), GRANT %4$I TO %3$I WITH ADMIN OPTION, and set `%5$s.database.adopt: true`',
    current_user, :'shown', current_user, :'username', :'app'
  )
END
FROM facts
WHERE NOT admin_may AND NOT coalesce(super, false) AND :'username' <> current_user;

INSERT INTO refusals (reason)
SELECT format(
  'database %1$s does not exist, and the admin %2$s may not make it: ALTER ROLE %3$I CREATEDB, or make it (CREATE DATABASE'
  ' %4$I OWNER %5$I ENCODING ''UTF8'' TEMPLATE template0)',
  name, current_user, current_user, name, :'username'
)
FROM wanted CROSS JOIN facts
WHERE NOT wanted.present AND NOT admin_may_make_databases
ORDER BY number;

INSERT INTO refusals (reason)
SELECT format('extension %s is not available on this server: install it there, or take it out of the stack file', name)
FROM (SELECT DISTINCT substring(line FROM '[^:]*$') AS name FROM regexp_split_to_table(:'extensions', E'\n') AS line) AS it
WHERE name <> '' AND name NOT IN (SELECT pg_available_extensions.name FROM pg_available_extensions)
ORDER BY name;

-- A name is kept in the encoding of the database in which it was written.
INSERT INTO refusals (reason)
SELECT format('the name %s has other letters than ASCII''s, and the admin''s database is not encoded as UTF8', name)
FROM (SELECT :'username' AS name UNION ALL SELECT name FROM wanted) AS it
WHERE name ~ '[^\x01-\x7f]' AND (
  SELECT pg_encoding_to_char(encoding) <> 'UTF8' FROM pg_database WHERE datname = current_database()
);

-- An app is not to start on data that live elsewhere, nor on half a copy.
INSERT INTO refusals (reason)
SELECT format(
  CASE stamp ->> 'state'
    WHEN 'moved' THEN 'the data of database %s have moved to %s, what is here is old; to bring them back, set `moveFrom` to'
      ' that server'
    ELSE 'database %s waits for its data from another server, whose copy is not finished; set `moveFrom` to that server, or'
      ' turn back and set `postgresql` to it'
  END,
  name, stamp ->> 'server'
)
FROM wanted
WHERE :'arriving' <> 'yes' AND stamp ->> 'state' IN ('moved', 'awaited', 'copying', 'copied')
ORDER BY number;

-- Made by a run that was killed before it came to its end: the role has its mark and no login yet.
UPDATE wanted
SET new = NOT present OR (
  SELECT facts.made_by IS NOT NULL AND NOT facts.may_login FROM facts
) AND NOT stamp ? 'made_by' AND NOT stamp ? 'state';

SELECT
  count(*) > 0 AS refused,
  format(E'%s: nothing was changed there\n', :'address') || string_agg('- ' || reason, E'\n' ORDER BY number) AS refusals
FROM refusals \gset
