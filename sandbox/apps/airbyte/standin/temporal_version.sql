CREATE TABLE IF NOT EXISTS schema_version (
    version_partition integer NOT NULL DEFAULT 0,
    db_name varchar(255) NOT NULL,
    creation_time timestamp NOT NULL DEFAULT current_timestamp,
    curr_version varchar(64) NOT NULL,
    min_compatible_version varchar(64) NOT NULL,
    PRIMARY KEY (version_partition, db_name)
)
