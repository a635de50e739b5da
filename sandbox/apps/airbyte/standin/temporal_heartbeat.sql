WITH gone AS (
    DELETE FROM cluster_membership WHERE record_expiry < current_timestamp AND host_id <> %(host)s
)
INSERT INTO cluster_membership (host_id, rpc_address, rpc_port, record_expiry)
VALUES (%(host)s, '0.0.0.0', 7233, current_timestamp + interval '1 minute')
ON CONFLICT (membership_partition, host_id) DO UPDATE
SET last_heartbeat = current_timestamp, record_expiry = excluded.record_expiry
