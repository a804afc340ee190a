CREATE TABLE jobs (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject_id BLOB,
    -- Sealed; empty when it is not needed any more.
    payload BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    -- When it may be begun next: its time, or the end of a lease. Null when it is over: one index finds what is to do.
    due_at INTEGER,
    expires_at INTEGER,
    leased_by TEXT,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_due_at ON jobs (due_at);
CREATE INDEX jobs_state ON jobs (state, id);
CREATE INDEX jobs_subject_id ON jobs (subject_id);
CREATE INDEX jobs_finished_at ON jobs (finished_at);
