-- An extension in the database at hand. Variable: extension.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS :"extension";
