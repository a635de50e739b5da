-- 200 runs of Dagster and 250 syncs of Airbyte with all that they leave behind, about 9 MiB. Variable: batch, a number. Text
-- and ids are random, so that they compress no better than real ones; the same batch always has the same rows.
SELECT setseed(1.0 / (:batch + 2)) \g /dev/null
CREATE FUNCTION pg_temp.id() RETURNS uuid LANGUAGE sql VOLATILE AS $$ SELECT md5(random()::text)::uuid $$;
CREATE FUNCTION pg_temp.word() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT (ARRAY[
    'orders', 'customers', 'invoice', 'lines', 'daily', 'ledger', 'events', 'sessions', 'raw', 'staging', 'marts', 'refunds',
    'shipments', 'inventory', 'accounts', 'payments', 'campaigns', 'leads', 'tickets', 'clicks', 'hourly', 'snapshot', 'users', 'dim'
  ])[1 + floor(random() * 24)::int] || '_' || floor(random() * 500)::int
$$;
CREATE FUNCTION pg_temp.at(batch integer) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT timestamptz '2026-01-01 00:00:00Z' + (batch + random()) * interval '1 hour'
$$;

CREATE TEMPORARY TABLE begun AS
SELECT pg_temp.id()::text AS run_id, pg_temp.word() AS job, pg_temp.at(:batch) AS at, n FROM generate_series(1, 200) AS n;

INSERT INTO runs (run_id, snapshot_id, pipeline_name, mode, status, run_body, create_timestamp, update_timestamp, start_time, end_time)
SELECT run_id, encode(sha256(job::bytea), 'hex'), job, 'default', 'SUCCESS', json_build_object(
    '__class__', 'DagsterRun', 'asset_selection', NULL, 'execution_plan_snapshot_id', encode(sha256(run_id::bytea), 'hex'),
    'job_name', job, 'run_id', run_id, 'run_config', json_build_object('ops', json_build_object(job, json_build_object(
      'config', json_build_object('since', at, 'limit', floor(random() * 100000), 'target', pg_temp.word())))),
    'status', json_build_object('__enum__', 'DagsterRunStatus.SUCCESS'), 'tags', json_build_object(
      '.dagster/repository', '__repository__@' || job, 'dagster/image', 'registry.example.com/jobs:' || md5(job), 'dagster/run_id', run_id)
  )::text, at, at + random() * interval '1 hour', extract(epoch FROM at), extract(epoch FROM at) + random() * 3600
FROM begun;

INSERT INTO run_tags (run_id, key, value)
SELECT run_id, key, CASE key WHEN 'dagster/partition' THEN at::date::text WHEN 'dagster/schedule_name' THEN job || '_schedule' ELSE pg_temp.id()::text END
FROM begun, unnest(ARRAY['dagster/partition', 'dagster/schedule_name', 'dagster/backfill', 'dagster/run_key']) AS key;

INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition)
SELECT run_id, json_build_object(
    '__class__', 'EventLogEntry', 'dagster_event', json_build_object(
      '__class__', 'DagsterEvent', 'event_specific_data', json_build_object('__class__', 'StepMaterializationData', 'materialization',
        json_build_object('__class__', 'AssetMaterialization', 'asset_key', json_build_object('__class__', 'AssetKey', 'path', json_build_array(table_, step)),
          'metadata_entries', json_build_array(json_build_object('__class__', 'EventMetadataEntry', 'label', 'rows', 'value', floor(random() * 1e7)),
            json_build_object('__class__', 'EventMetadataEntry', 'label', 'query', 'value', format('SELECT %s, %s, %s FROM %s.%s WHERE batch = %L',
              pg_temp.word(), pg_temp.word(), pg_temp.word(), pg_temp.word(), pg_temp.word(), pg_temp.id()))),
          'tags', json_build_object('dagster/code_version', md5(step), 'dagster/data_version', encode(sha256(random()::text::bytea), 'hex')))),
      'event_type_value', type, 'job_name', job, 'logging_tags', json_build_object('job_name', job, 'op_name', step, 'resource_fn_name', 'None',
        'run_id', run_id, 'step_key', step), 'message', format('Materialized value %s %s in %s ms.', table_, step, floor(random() * 1e5)),
      'node_handle', json_build_object('__class__', 'NodeHandle', 'name', step, 'parent', NULL), 'pid', floor(random() * 32768),
      'step_handle', json_build_object('__class__', 'StepHandle', 'key', step), 'step_key', step, 'step_kind_value', 'COMPUTE'),
    'error_info', NULL, 'level', 10, 'job_name', job, 'run_id', run_id, 'step_key', step, 'timestamp', extract(epoch FROM at + m * interval '0.7 s'), 'user_message', ''
  )::text, type, at + m * interval '0.7 s', step, CASE WHEN type = 'ASSET_MATERIALIZATION' THEN json_build_array(table_, step)::text END, at::date::text
FROM begun, generate_series(1, 20) AS m,
  LATERAL (SELECT pg_temp.word() AS step, pg_temp.word() AS table_, n + m AS ignored) AS names,
  LATERAL (SELECT (ARRAY['STEP_START', 'STEP_OUTPUT', 'ASSET_MATERIALIZATION', 'STEP_SUCCESS', 'LOGS_CAPTURED'])[1 + m % 5] AS type) AS types;

CREATE TEMPORARY TABLE synced AS
SELECT nextval('jobs_id_seq') AS id, pg_temp.id() AS connection, pg_temp.word() AS table_, pg_temp.at(:batch) AS at, n FROM generate_series(1, 250) AS n;

INSERT INTO jobs (id, scope, config_type, config, status, is_scheduled, started_at, created_at, updated_at)
SELECT id, connection, 'sync', jsonb_build_object('configType', 'sync', 'sync', jsonb_build_object(
    'sourceDockerImage', 'airbyte/source-' || table_, 'destinationDockerImage', 'airbyte/destination-' || pg_temp.word(), 'workspaceId', pg_temp.id(),
    'namespaceDefinition', 'source', 'configuredAirbyteCatalog', jsonb_build_object('streams', (
      SELECT jsonb_agg(jsonb_build_object('sync_mode', 'incremental', 'cursor_field', jsonb_build_array(pg_temp.word()), 'stream', jsonb_build_object(
        'name', pg_temp.word(), 'namespace', 'public', 'json_schema', jsonb_build_object('type', 'object', 'properties', (
          SELECT jsonb_object_agg(pg_temp.word() || k, jsonb_build_object('type', jsonb_build_array('null', (ARRAY['string', 'number', 'boolean'])[1 + k % 3])))
          FROM generate_series(1, 8) AS k WHERE s + n > 0)))))
      FROM generate_series(1, 6) AS s WHERE n > 0)))),
  'succeeded', true, at, at, at + interval '7 minutes'
FROM synced;

WITH tried AS (
  INSERT INTO attempts (job_id, attempt_number, log_path, output, status, temporal_workflow_id, attempt_sync_config, created_at, ended_at)
  SELECT id, 0, format('/workspace/%s/0/logs.log', id), jsonb_build_object('sync', jsonb_build_object('standardSyncSummary', jsonb_build_object(
      'status', 'completed', 'recordsSynced', floor(random() * 1e6), 'bytesSynced', floor(random() * 1e9), 'startTime', at, 'streamStats', (
        SELECT jsonb_agg(jsonb_build_object('streamName', pg_temp.word(), 'stats', jsonb_build_object('recordsEmitted', floor(random() * 1e6), 'bytesEmitted', floor(random() * 1e9))))
        FROM generate_series(1, 6) AS s WHERE n > 0)))),
    'succeeded', 'sync_' || connection, jsonb_build_object('state', jsonb_build_object('cursor', at, 'stream', table_, 'hash', md5(random()::text))), at, at + interval '7 minutes'
  FROM synced RETURNING id, created_at
)
INSERT INTO stream_stats
SELECT pg_temp.id(), tried.id, 'public', pg_temp.word(), floor(random() * 1e6), floor(random() * 1e9), floor(random() * 1e6), created_at
FROM tried, generate_series(1, 12);
