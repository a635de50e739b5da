-- Which workflows run.
CREATE TABLE executions_visibility (
    namespace_id char(64) NOT NULL,
    run_id char(64) NOT NULL,
    workflow_id varchar(255) NOT NULL,
    workflow_type_name varchar(255) NOT NULL,
    status integer NOT NULL,
    start_time timestamp NOT NULL DEFAULT current_timestamp,
    execution_time timestamp NOT NULL DEFAULT current_timestamp,
    close_time timestamp,
    PRIMARY KEY (namespace_id, run_id)
)
