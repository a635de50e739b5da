-- Marks: comments on roles and databases, `lakehouse {...}`, which psql's \du+ and \l+ show and dumps do not contain.
-- Temporary functions:
--   pg_temp.mark(database), pg_temp.role_mark(role)   read the mark; a comment by a person is in it as `comment`
--   pg_temp.put_mark(database, mark), pg_temp.put_role_mark(role, mark)   write it
-- `made_by` identifies the deployment that created or adopted the object: `stack`, `app`, and an `id` that differs between
-- deployments of stacks with the same name. The other keys are about moves between servers and restores, on databases only. `state`:
--   awaited   the database is empty; a move will copy data to it
--   copying   data are being copied to this database; the copy is incomplete
--   copied    the copy is complete and compared; those of the role's other databases may not be
--   arrived   the move to this server is complete; the app uses this database
--   leaving   the role cannot log in, and the data are being copied to another server; the data here are complete
--   stayed    a move to another server was cancelled; the app uses this database
--   moved     the move to another server is complete; the data here are outdated
-- and, of a restore of a backup set:
--   restoring the database is a copy of the app's, which is being restored and compared
--   replaced  the database was the app's until a restore; nothing uses it
-- `id` identifies the move, and `arrived` the one that copied the data to this server; `since` is when the role's login was
-- disabled (seconds since 1970), `run` the Job that disabled it, `server` the other server of the move. `restored` is the last
-- restore: its `set`, `run` (the Job), `into` (live, beside or new) and time, `at`; `began_as` is the set that a new server began with.
CREATE FUNCTION pg_temp.read_mark(description text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  -- Earlier versions of the program wrote `lakehouse move {...}`.
  IF description ~ '^lakehouse (move )?\{' THEN
    RETURN substr(description, position('{' IN description))::jsonb;
  END IF;
  RETURN jsonb_strip_nulls(jsonb_build_object('comment', description));
EXCEPTION WHEN invalid_text_representation THEN
  RETURN jsonb_build_object('comment', description);
END
$$;

CREATE FUNCTION pg_temp.write_mark(mark jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN mark - 'comment' = '{}' THEN mark ->> 'comment' ELSE 'lakehouse ' || jsonb_strip_nulls(mark)::text END
$$;

CREATE FUNCTION pg_temp.mark(database text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT pg_temp.read_mark((SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = database))
$$;

CREATE FUNCTION pg_temp.role_mark(role text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT pg_temp.read_mark((SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = role))
$$;

CREATE FUNCTION pg_temp.put_mark(database text, mark jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COMMENT ON DATABASE %I IS %L', database, pg_temp.write_mark(mark));
END
$$;

CREATE FUNCTION pg_temp.put_role_mark(role text, mark jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COMMENT ON ROLE %I IS %L', role, pg_temp.write_mark(mark));
END
$$;
