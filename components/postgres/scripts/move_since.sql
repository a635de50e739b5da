-- When the door was shut. Variable: databases.
\ir stamps.sql
SELECT DISTINCT pg_temp.stamp(name) ->> 'since' FROM regexp_split_to_table(:'databases', E'\n') AS name;
