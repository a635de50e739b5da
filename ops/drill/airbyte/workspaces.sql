-- Ids of the workspaces that are not deleted.
SELECT id FROM workspace WHERE NOT tombstone ORDER BY id;
