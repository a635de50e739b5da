-- Shows the fingerprints of source and target side by side and fails if they differ. Reads the files `source` and `target`.
-- Variable: live, whether the source was written to meanwhile (yes or no).
\set VERBOSITY terse
CREATE TEMPORARY TABLE source (kind text, name text, number numeric, checksum numeric);
CREATE TEMPORARY TABLE target (LIKE source);
\copy source FROM source (FORMAT csv, FORCE_NOT_NULL (name))
\copy target FROM target (FORMAT csv, FORCE_NOT_NULL (name))
CREATE TEMPORARY TABLE compared AS
SELECT
  kind, name, source.number AS source, target.number AS target,
  -- The target may have further extensions, which the stack file lists.
  CASE WHEN kind = 'extensions' THEN target.number >= source.number
    -- A snapshot does not include the values of sequences: the target's was read later.
    WHEN kind = 'sequence' AND :'live' = 'yes' THEN (target.number, target.checksum) >= (source.number, source.checksum)
    ELSE (source.number, source.checksum) IS NOT DISTINCT FROM (target.number, target.checksum)
  END AS same
FROM source FULL JOIN target USING (kind, name);

\pset footer off
SELECT kind, name, source, target, CASE WHEN same THEN 'same' ELSE 'DIFFERS' END AS result
FROM compared
ORDER BY kind <> 'table', kind, name;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM source) OR EXISTS (SELECT FROM compared WHERE same IS NOT TRUE) THEN
    RAISE EXCEPTION 'the copy differs from the source';
  END IF;
END
$$;
