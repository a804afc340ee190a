CREATE TABLE jobs (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject_id BYTEA,
    -- Sealed; empty when it is not needed any more.
    payload BYTEA NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When it may be begun next: its time, or the end of a lease. Null when it is over: one index finds what is to do.
    due_at BIGINT,
    expires_at BIGINT,
    leased_by TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX jobs_due_at ON jobs (due_at);
CREATE INDEX jobs_state ON jobs (state, id);
CREATE INDEX jobs_subject_id ON jobs (subject_id);
CREATE INDEX jobs_finished_at ON jobs (finished_at);
