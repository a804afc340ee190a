-- How far each import of users has come; a file is known by the SHA-256 of its octets.

CREATE TABLE imports (
    digest BYTEA NOT NULL PRIMARY KEY,
    format TEXT NOT NULL,
    byte_offset BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    added BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    ignored BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT
);
