-- What the program writes into the comments of roles and databases, which dumps leave out, and which a person sees in
-- psql's \du+ and \l+: `lakehouse {...}`. Functions of the session:
--   pg_temp.stamp(database), pg_temp.role_stamp(role)   what is written there; a person's comment is in it as `comment`
--   pg_temp.put_stamp(database, stamp), pg_temp.put_role_stamp(role, stamp)
-- `made_by` says which deployment made it or took it over: `stack`, `app`, and an `id` that another deployment of the same
-- stack does not have. The rest is about moves between servers, on databases alone. `state`:
--   awaited   a copy is to come in here; nothing but an empty database was made
--   copying   a copy is being made here, and is not whole
--   copied    the copy is whole and compared, but those beside it may not be
--   arrived   the data came here; this is where they live
--   leaving   the role's door is shut and a copy is being made elsewhere; what is here is whole
--   stayed    a move away was called off
--   moved     the data live elsewhere; what is here is old
-- `id` names the move, `arrived` the move that brought the data here, `since` is when the door was shut (seconds since
-- 1970), `run` the Job that shut it, `server` the other side.
CREATE FUNCTION pg_temp.read_stamp(description text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
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

CREATE FUNCTION pg_temp.write_stamp(stamp jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN stamp - 'comment' = '{}' THEN stamp ->> 'comment' ELSE 'lakehouse ' || jsonb_strip_nulls(stamp)::text END
$$;

CREATE FUNCTION pg_temp.stamp(database text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT pg_temp.read_stamp((SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = database))
$$;

CREATE FUNCTION pg_temp.role_stamp(role text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT pg_temp.read_stamp((SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = role))
$$;

CREATE FUNCTION pg_temp.put_stamp(database text, stamp jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COMMENT ON DATABASE %I IS %L', database, pg_temp.write_stamp(stamp));
END
$$;

CREATE FUNCTION pg_temp.put_role_stamp(role text, stamp jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COMMENT ON ROLE %I IS %L', role, pg_temp.write_stamp(stamp));
END
$$;
