-- Those of the given roles that do not exist on the server. Variable: roles, as JSON.
SELECT string_agg(name, ', ' ORDER BY name)
FROM json_array_elements_text(:'roles') AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name);
