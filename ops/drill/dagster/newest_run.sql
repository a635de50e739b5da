-- The newest run that has ended: its id and its status.
SELECT run_id, status FROM runs WHERE status IN ('SUCCESS', 'FAILURE', 'CANCELED') ORDER BY id DESC LIMIT 1;
