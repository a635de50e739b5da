-- What a database says of its moves between servers: a stamp in its comment, which its owner's members may write, which
-- dumps leave out, and which a person sees in psql's \l+. Functions of the session:
--   pg_temp.stamp(database)       the stamp; whatever comment a person gave the database is in it as `comment`
--   pg_temp.put_stamp(database, stamp)
-- `state` of a stamp:
--   awaited   a copy is to come in here; nothing but an empty database was made
--   copying   a copy is being made here, and is not whole
--   copied    the copy is whole and compared, but those beside it may not be
--   arrived   the data came here; this is where they live
--   leaving   the role's door is shut and a copy is being made elsewhere; what is here is whole
--   stayed    a move away was called off
--   moved     the data live elsewhere; what is here is old
-- `id` names the move, `arrived` the move that brought the data here, `since` is when the door was shut (seconds since
-- 1970), `run` the Job that shut it, `server` the other side.
CREATE FUNCTION pg_temp.stamp(database text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (
      SELECT CASE
        WHEN description LIKE 'lakehouse move %' THEN substr(description, 16)::jsonb
        ELSE jsonb_build_object('comment', description)
      END
      FROM pg_database JOIN pg_shdescription ON objoid = oid AND classoid = 'pg_database'::regclass
      WHERE datname = database
    ),
    '{}'
  )
$$;

CREATE FUNCTION pg_temp.put_stamp(database text, stamp jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF stamp ? 'state' THEN
    EXECUTE format('COMMENT ON DATABASE %I IS %L', database, 'lakehouse move ' || jsonb_strip_nulls(stamp)::text);
  ELSE
    EXECUTE format('COMMENT ON DATABASE %I IS %L', database, stamp ->> 'comment');
  END IF;
END
$$;
