-- Whether a database exists: 1 or 0. Variable: database.
SELECT count(*) FROM pg_database WHERE datname = :'database';
