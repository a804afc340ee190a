-- One row for each user, kind and session (16 zeros for none): a newer code takes the place of an older one.
CREATE TABLE codes (
    user_id BINARY(16) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    session_id BINARY(16) NOT NULL,
    hash BINARY(32) NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, kind, session_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE UNIQUE INDEX codes_hash ON codes (hash);
CREATE INDEX codes_expires_at ON codes (expires_at);
