-- Roles of the server, as JSON.
SELECT json_agg(rolname) FROM pg_roles;
