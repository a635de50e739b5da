INSERT INTO executions_visibility (namespace_id, run_id, workflow_id, workflow_type_name, status)
VALUES ('default', %(run)s, 'stand-in-heartbeat', 'heartbeat', 1)
ON CONFLICT (namespace_id, run_id) DO UPDATE SET execution_time = current_timestamp
