-- The data plane's service account. Its secret is kept as a SHA-256: nobody has to read it back.

CREATE TABLE service_accounts (
    id uuid PRIMARY KEY,
    name varchar(256) NOT NULL,
    secret_sha256 char(64) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT current_timestamp
);

CREATE TABLE dataplane (
    id uuid PRIMARY KEY,
    name varchar(256) NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    service_account_id uuid NOT NULL REFERENCES service_accounts (id),
    created_at timestamptz NOT NULL DEFAULT current_timestamp
);
