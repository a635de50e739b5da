-- A temporary function, also for an admin that is not a superuser:
--   pg_temp.end_sessions(role, databases)   terminates the sessions of the role and those in the databases; not those of
--                                           superusers if the admin is none, nor of roles of which it is not a member
CREATE FUNCTION pg_temp.end_sessions(role text, databases text[]) RETURNS void LANGUAGE sql AS $$
  SELECT pg_terminate_backend(pid)
  FROM pg_stat_activity
  WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
    AND (usename = role OR datname = ANY (databases))
    AND pg_has_role(usesysid, 'USAGE')
    AND ((SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
      OR NOT (SELECT rolsuper FROM pg_roles WHERE pg_roles.oid = usesysid))
$$;
