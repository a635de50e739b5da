-- The comment that a person wrote on a database. Variable: database.
\ir marks.sql
SELECT pg_temp.mark(:'database') ->> 'comment';
