-- One row for each user, kind and session (16 zeros for none): a newer code takes the place of an older one.
CREATE TABLE codes (
    user_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    session_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (user_id, kind, session_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX codes_hash ON codes (hash);
CREATE INDEX codes_expires_at ON codes (expires_at);
