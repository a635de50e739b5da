-- The record of migrations, with Flyway's columns.
CREATE TABLE IF NOT EXISTS {table} (
    installed_rank integer PRIMARY KEY,
    version varchar(50),
    description varchar(200) NOT NULL,
    type varchar(20) NOT NULL,
    script varchar(1000) NOT NULL,
    checksum integer,
    installed_by varchar(100) NOT NULL,
    installed_on timestamp NOT NULL DEFAULT current_timestamp,
    execution_time integer NOT NULL,
    success boolean NOT NULL
)
