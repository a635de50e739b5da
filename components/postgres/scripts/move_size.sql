-- Size of a database. Variable: database.
SELECT pg_size_pretty(pg_database_size(:'database'));
