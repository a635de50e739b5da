CREATE TYPE namespace_definition_type AS ENUM ('source', 'destination', 'customformat');
CREATE TYPE schedule_type AS ENUM ('manual', 'basic_schedule', 'cron');
CREATE TYPE status_type AS ENUM ('active', 'inactive', 'deprecated', 'locked');

CREATE TABLE connection (
    id uuid PRIMARY KEY,
    namespace_definition namespace_definition_type NOT NULL,
    namespace_format varchar(256),
    prefix varchar(256),
    source_id uuid NOT NULL REFERENCES actor (id),
    destination_id uuid NOT NULL REFERENCES actor (id),
    name varchar(256) NOT NULL,
    catalog jsonb NOT NULL,
    status status_type,
    schedule jsonb,
    manual boolean,
    resource_requirements jsonb,
    schedule_type schedule_type,
    schedule_data jsonb,
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp
);

CREATE INDEX connection_source_id_idx ON connection (source_id);
CREATE INDEX connection_destination_id_idx ON connection (destination_id);
CREATE INDEX connection_status_idx ON connection (status);
