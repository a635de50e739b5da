-- Drops the database that was empty before an exchange. Variables: database; word and stamp, as in restore_exchange.sql.
\ir restore_naming.sql
SELECT format('DROP DATABASE %I', datname)
FROM pg_database WHERE datname = pg_temp.beside(:'database', format('_%s_%s', :'word', :'stamp')) \gexec
