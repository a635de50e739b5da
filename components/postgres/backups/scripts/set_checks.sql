-- Reasons why a manifest is not that of a set, one per line; nothing if there are none. Variables: known, what it must say, lines
-- with a key and its value; databases, the app's (names, one per line); names, whether the set's have the same ones (yes or no).
-- Environment: manifest, the file; secrets, a file with the paths in the archive of the Secrets, one per line.
\set VERBOSITY terse
\set manifest `cat "$manifest"`
\set secrets `cat "$secrets"`
WITH document AS (
  SELECT :'manifest'::jsonb AS set
), given AS (
  SELECT parts[1] AS key, parts[2] AS value
  FROM regexp_split_to_table(:'known', E'\n') AS line, regexp_match(line, '^(\w+) (.*)$') AS parts
), databases AS (
  SELECT
    ordinality, element ->> 'name' AS name, (element ->> 'taken')::timestamptz AS taken,
    concat_ws(' ', element ->> 'number', CASE WHEN :'names' THEN element ->> 'name' END) AS label
  FROM document, jsonb_array_elements(set -> 'databases') WITH ORDINALITY AS of (element, ordinality)
), wanted AS (
  SELECT ordinality, concat_ws(' ', ordinality, CASE WHEN :'names' THEN name END) AS label
  FROM regexp_split_to_table(:'databases', E'\n') WITH ORDINALITY AS of (name, ordinality)
), archived AS (
  SELECT parts[1] AS secret, parts[2] AS key
  FROM regexp_split_to_table(:'secrets', E'\n') AS path, regexp_match(path, '^\./([^/]+)/([^/]*)$') AS parts
  WHERE parts IS NOT NULL
), described AS (
  SELECT secret, key FROM document, jsonb_each(set -> 'secretKeys') AS of (secret, keys), jsonb_array_elements_text(keys) AS key
  UNION ALL
  SELECT secret, '' FROM document, jsonb_array_elements_text(set -> 'secrets') AS secret
)
SELECT '- ' || reason
FROM (
  SELECT format('its manifest says %s %s, where %s is right', key, coalesce(set ->> key, 'nothing'), value)
  FROM document, given WHERE (set ->> key) IS DISTINCT FROM value
  UNION ALL
  SELECT format('its manifest has the databases %s, and the app has %s', in_set, in_app)
  FROM
    (SELECT string_agg(label, ', ' ORDER BY ordinality) AS in_set FROM databases) AS databases,
    (SELECT string_agg(label, ', ' ORDER BY ordinality) AS in_app FROM wanted) AS wanted
  WHERE in_set IS DISTINCT FROM in_app
  UNION ALL
  SELECT format('its manifest says major version %s, and server %s', set ->> 'major', set ->> 'server')
  FROM document WHERE (set ->> 'major') IS DISTINCT FROM substring(set ->> 'server' FROM '^[0-9]+')
  UNION ALL
  -- Writers were locked out for two seconds at most.
  SELECT format('its databases are of different moments: %s', string_agg(format('%s of %s', name, taken), ', ' ORDER BY ordinality))
  FROM document, databases
  WHERE set ->> 'moment' = 'locked'
  HAVING count(*) <> count(taken) OR max(taken) - min(taken) > interval '2 seconds'
  UNION ALL
  SELECT format('its Secret %s%s is in the archive only', secret, '/' || nullif(key, ''))
  FROM (SELECT * FROM archived EXCEPT ALL SELECT * FROM described) AS more
  UNION ALL
  SELECT format('its Secret %s%s is not in the archive', secret, '/' || nullif(key, ''))
  FROM (SELECT * FROM described EXCEPT ALL SELECT * FROM archived) AS less
) AS found (reason);
