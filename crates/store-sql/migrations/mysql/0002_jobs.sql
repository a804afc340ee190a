CREATE TABLE jobs (
    id BINARY(16) NOT NULL PRIMARY KEY,
    kind VARCHAR(64) NOT NULL,
    topic VARCHAR(64) NOT NULL,
    subject_id BINARY(16),
    -- Sealed; empty when it is not needed any more.
    payload BLOB NOT NULL,
    state VARCHAR(64) NOT NULL,
    attempts BIGINT NOT NULL,
    -- When it may be begun next: its time, or the end of a lease. Null when it is over: one index finds what is to do.
    due_at BIGINT,
    expires_at BIGINT,
    leased_by VARCHAR(255),
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX jobs_due_at ON jobs (due_at);
CREATE INDEX jobs_state ON jobs (state, id);
CREATE INDEX jobs_subject_id ON jobs (subject_id);
CREATE INDEX jobs_finished_at ON jobs (finished_at);
