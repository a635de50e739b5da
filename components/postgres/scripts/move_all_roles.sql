-- The server's roles, as JSON.
SELECT json_agg(rolname) FROM pg_roles;
