-- Creates an empty database like one of a manifest, the role that owns it, and other roles that are granted something in it.
-- Variables: number (of the database). Environment: manifest, the file.
\set manifest `cat "$manifest"`
CREATE TEMPORARY TABLE wanted AS
SELECT document ->> 'role' AS role, wanted.*
FROM (SELECT :'manifest'::jsonb AS document) AS manifest, jsonb_array_elements(document -> 'databases') AS element,
  jsonb_to_record(element) AS wanted (number int, encoding text, roles jsonb)
WHERE wanted.number = :number;
-- A superuser, for extensions and languages; nobody else can connect to this server.
SELECT format('CREATE ROLE %I SUPERUSER', name)
FROM (SELECT role AS name FROM wanted UNION SELECT jsonb_array_elements_text(roles) FROM wanted) AS roles
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT format(
  'CREATE DATABASE proof%s OWNER %I TEMPLATE template0 ENCODING %L LOCALE %L',
  number, role, encoding, CASE encoding WHEN 'UTF8' THEN 'C.UTF-8' ELSE 'C' END
) FROM wanted \gexec
