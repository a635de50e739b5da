-- Organizations, workspaces, and the two ends of every connection, in the columns that queries of Airbyte's users name.

CREATE TYPE actor_type AS ENUM ('source', 'destination');

CREATE TABLE organization (
    id uuid PRIMARY KEY,
    name varchar(256) NOT NULL,
    email varchar(256) NOT NULL,
    tombstone boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp
);

CREATE TABLE workspace (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organization (id),
    name varchar(256) NOT NULL,
    slug varchar(256) NOT NULL,
    email varchar(256),
    initial_setup_complete boolean NOT NULL DEFAULT false,
    tombstone boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp
);

CREATE TABLE actor_definition (
    id uuid PRIMARY KEY,
    name varchar(256) NOT NULL,
    actor_type actor_type NOT NULL,
    tombstone boolean NOT NULL DEFAULT false,
    custom boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp
);

CREATE TABLE actor (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspace (id),
    actor_definition_id uuid NOT NULL REFERENCES actor_definition (id),
    name varchar(256) NOT NULL,
    configuration jsonb NOT NULL,
    actor_type actor_type NOT NULL,
    tombstone boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT current_timestamp,
    updated_at timestamptz NOT NULL DEFAULT current_timestamp
);
