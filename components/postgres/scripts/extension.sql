-- Creates an extension in the current database. Variable: extension.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS :"extension";
