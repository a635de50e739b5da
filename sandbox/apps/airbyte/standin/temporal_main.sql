-- Who is a member of the Temporal cluster now.
CREATE TABLE cluster_membership (
    membership_partition integer NOT NULL DEFAULT 0,
    host_id bytea NOT NULL,
    rpc_address varchar(128) NOT NULL,
    rpc_port smallint NOT NULL,
    session_start timestamp NOT NULL DEFAULT current_timestamp,
    last_heartbeat timestamp NOT NULL DEFAULT current_timestamp,
    record_expiry timestamp NOT NULL,
    PRIMARY KEY (membership_partition, host_id)
)
