-- A value of a manifest as text. Variable: path, its keys separated by commas. Environment: manifest, the file.
\set manifest `cat "$manifest"`
SELECT :'manifest'::jsonb #>> string_to_array(:'path', ',');
