-- Number of rows in the fingerprint in the file `target`.
CREATE TEMPORARY TABLE fingerprint (kind text, name text, number numeric, checksum numeric);
\copy fingerprint FROM target (FORMAT csv, FORCE_NOT_NULL (name))
SELECT coalesce(sum(number), 0) FROM fingerprint WHERE kind = 'table';
