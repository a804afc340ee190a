-- One row for each user, kind and session (16 zeros for none): a newer code takes the place of an older one.
CREATE TABLE codes (
    user_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    session_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, kind, session_id)
);
CREATE UNIQUE INDEX codes_hash ON codes (hash);
CREATE INDEX codes_expires_at ON codes (expires_at);
