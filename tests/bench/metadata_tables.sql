-- Tables in which Airbyte and Dagster keep most of their metadata, with the apps' own columns and indexes.
CREATE TYPE job_status AS ENUM ('pending', 'running', 'succeeded', 'failed', 'cancelled');

CREATE TABLE event_logs (
  id bigserial PRIMARY KEY, run_id text NOT NULL, event text NOT NULL, dagster_event_type text, timestamp timestamp,
  step_key text, asset_key text, partition text
);
CREATE INDEX idx_run_id ON event_logs (run_id);
CREATE INDEX idx_step_key ON event_logs (step_key);
CREATE INDEX idx_events_by_run_id ON event_logs (run_id, id);
CREATE INDEX idx_event_type ON event_logs (dagster_event_type, id);
CREATE INDEX idx_events_by_asset ON event_logs (asset_key, dagster_event_type, id) WHERE asset_key IS NOT NULL;

CREATE TABLE runs (
  id bigserial PRIMARY KEY, run_id varchar(255) UNIQUE, snapshot_id varchar(255), pipeline_name text, mode text, status varchar(63),
  run_body text, partition text, partition_set text, create_timestamp timestamp DEFAULT now(), update_timestamp timestamp,
  start_time double precision, end_time double precision
);
CREATE INDEX idx_run_range ON runs (status, update_timestamp, create_timestamp);

CREATE TABLE run_tags (id bigserial PRIMARY KEY, run_id varchar(255) REFERENCES runs (run_id) ON DELETE CASCADE, key text, value text);
CREATE INDEX idx_run_tags_run_id ON run_tags (run_id, id);
CREATE INDEX idx_run_tags ON run_tags (key, value);

CREATE TABLE jobs (
  id bigserial PRIMARY KEY, scope text, config_type text, config jsonb, status job_status, is_scheduled boolean,
  started_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL
);
CREATE INDEX jobs_scope_created_at_idx ON jobs (scope, created_at);
CREATE INDEX jobs_updated_at_idx ON jobs (updated_at);

CREATE TABLE attempts (
  id bigserial PRIMARY KEY, job_id bigint NOT NULL REFERENCES jobs, attempt_number integer NOT NULL, log_path text, output jsonb,
  status job_status, temporal_workflow_id text, attempt_sync_config jsonb, created_at timestamptz, ended_at timestamptz,
  UNIQUE (job_id, attempt_number)
);

CREATE TABLE stream_stats (
  id uuid PRIMARY KEY, attempt_id bigint NOT NULL REFERENCES attempts, stream_namespace text, stream_name text NOT NULL,
  records_emitted bigint, bytes_emitted bigint, records_committed bigint, created_at timestamptz NOT NULL
);
CREATE INDEX stream_stats_attempt_id_idx ON stream_stats (attempt_id);
