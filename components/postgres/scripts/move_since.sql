-- The time at which the role's login was disabled. Variable: databases.
\ir marks.sql
SELECT DISTINCT pg_temp.mark(name) ->> 'since' FROM regexp_split_to_table(:'databases', E'\n') AS name;
