-- Objects that are created from here on belong to the app's role. Variable: username.
\set VERBOSITY terse
SET ROLE :"username";
