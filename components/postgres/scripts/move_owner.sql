-- What is made from here on is the app's. Variable: username.
\set VERBOSITY terse
SET ROLE :"username";
