-- The comment that a person gave a database. Variable: database.
\ir stamps.sql
SELECT pg_temp.stamp(:'database') ->> 'comment';
