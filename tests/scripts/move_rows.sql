-- What a copy stumbles over. As the app's role.
CREATE TABLE plain (id integer PRIMARY KEY, text text NOT NULL DEFAULT 'x', maybe integer);
INSERT INTO plain VALUES (1, 'it''s "quoted", \back\slashed', NULL), (2, 'äöü € 漢字', 7), (3, E'two\nlines\tand a tab', NULL), (4, '', 0), (5, '\N', 1), (6, '\.', 2), (7, 'SET transaction_timeout = 0;', 3);
CREATE TABLE lines AS SELECT unnest(ARRAY['SET transaction_timeout = 0;', '\.', '', '\connect postgres']) AS line;
COMMENT ON TABLE plain IS 'rows with ''odd'' text';
COMMENT ON COLUMN plain.maybe IS 'may be absent';

CREATE SCHEMA "Odd schema";
COMMENT ON SCHEMA "Odd schema" IS 'a schema';
CREATE TABLE "Odd schema"."a ""table"" with, 'quotes' and \slash" ("Column A" serial PRIMARY KEY, "select" json, whole_row text);
INSERT INTO "Odd schema"."a ""table"" with, 'quotes' and \slash" ("select", whole_row) SELECT json_build_object('n', n), n FROM generate_series(1, 100) AS n;

CREATE TABLE kinds (
  id bigint GENERATED ALWAYS AS IDENTITY (START 1000 INCREMENT 5),
  bytes bytea, list integer[], tree jsonb, at timestamptz, span interval, real double precision, exact numeric, uid uuid,
  money money, range int4range, doubled integer GENERATED ALWAYS AS (array_length(list, 1) * 2) STORED
);
INSERT INTO kinds (bytes, list, tree, at, span, real, exact, uid, money, range)
SELECT decode(md5(n::text), 'hex'), ARRAY[n, NULL, n + 1], jsonb_build_object('k', n, 'null', NULL), 'epoch'::timestamptz + n * interval '1 day',
  n * interval '1 hour', 1.0 / n, 1.0 / n, md5(n::text)::uuid, n::money, int4range(n, n + 10)
FROM generate_series(1, 500) AS n;
INSERT INTO kinds DEFAULT VALUES;
INSERT INTO kinds (real, at) VALUES ('NaN', 'infinity'), ('-Infinity', '-infinity');

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE typed (mood mood, positive positive, pair pair);
INSERT INTO typed VALUES ('happy', 7, ROW(1, 'one')), (NULL, NULL, NULL);

CREATE TABLE parted (id integer, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parted_2024 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE parted_2025 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY HASH (id);
CREATE TABLE parted_2025_0 PARTITION OF parted_2025 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_2025_1 PARTITION OF parted_2025 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT n, '2024-01-01'::date + n FROM generate_series(1, 700) AS n;

CREATE TABLE parent (id integer PRIMARY KEY, child integer);
CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES parent);
ALTER TABLE parent ADD FOREIGN KEY (child) REFERENCES child DEFERRABLE INITIALLY DEFERRED;
BEGIN;
INSERT INTO parent VALUES (1, 1);
INSERT INTO child VALUES (1, 1);
COMMIT;
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE UNLOGGED TABLE unlogged AS SELECT 1 AS n;
CREATE TABLE inherited (more text) INHERITS (plain);
INSERT INTO inherited VALUES (8, 'below', 8, 'more');

CREATE SEQUENCE fresh START 50;
CREATE SEQUENCE used START 50 INCREMENT -2 MINVALUE -100 MAXVALUE 60 CYCLE;
SELECT nextval('used'), nextval('used'), setval('"Odd schema"."a ""table"" with, ''quotes'' and \slash_Column A_seq"', 4711);

CREATE EXTENSION btree_gin;
CREATE SCHEMA tools;
CREATE EXTENSION pg_trgm SCHEMA tools;
CREATE INDEX by_text ON plain USING gin (text tools.gin_trgm_ops);
CREATE INDEX by_maybe ON plain USING gin (maybe) WHERE maybe > 0;
COMMENT ON INDEX by_text IS 'an index';

CREATE VIEW seen AS SELECT id, text FROM plain WHERE maybe IS NOT NULL;
CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM kinds;
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * n';
COMMENT ON FUNCTION twice IS 'doubles';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.text := NEW.text || '!'; RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE typed ENABLE ROW LEVEL SECURITY;
CREATE POLICY happy ON typed USING (mood = 'happy');

SELECT lo_from_bytea(77001, decode(repeat('00ff', 700000), 'hex')), lo_from_bytea(77002, ''), lo_from_bytea(77003, 'small');
COMMENT ON LARGE OBJECT 77003 IS 'a large object';
