-- Name of a database's copy while it is restored and compared. Variable: database.
\ir restore_naming.sql
SELECT pg_temp.beside(:'database', '_lakehouse_restoring');
