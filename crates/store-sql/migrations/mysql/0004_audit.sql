-- Security events in a chain (docs/AUDIT.md). What a hash covers is never changed; the ids beside the marks are for
-- finding, and are blanked when a person is erased.
CREATE TABLE audit_events (
    sequence BIGINT NOT NULL PRIMARY KEY,
    id BINARY(16) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    occurred_at BIGINT NOT NULL,
    actor_id BINARY(16),
    subject_id BINARY(16),
    session_id BINARY(16),
    address_mark BINARY(16),
    actor_mark BINARY(16),
    subject_mark BINARY(16),
    session_mark BINARY(16),
    detail TEXT,
    sealed BLOB,
    hash BINARY(32) NOT NULL,
    mac BINARY(16) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX audit_events_occurred_at ON audit_events (occurred_at, sequence);
CREATE INDEX audit_events_kind ON audit_events (kind, occurred_at, sequence);
CREATE INDEX audit_events_actor_id ON audit_events (actor_id, occurred_at, sequence);
CREATE INDEX audit_events_subject_id ON audit_events (subject_id, occurred_at, sequence);
CREATE INDEX audit_events_session_id ON audit_events (session_id, occurred_at, sequence);
CREATE INDEX audit_events_address_mark ON audit_events (address_mark, occurred_at, sequence);

-- One row, which is locked by whoever appends, until their commit.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY,
    latest BIGINT NOT NULL,
    hash BINARY(32),
    cut BIGINT NOT NULL,
    cut_hash BINARY(32),
    checkpoint BIGINT NOT NULL,
    adopting BIGINT NOT NULL,
    mac BINARY(32)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- What security_events holds is taken over into the chain at the next start.
INSERT INTO audit_head (id, latest, cut, checkpoint, adopting) VALUES (1, 0, 0, 0, 1);

CREATE TABLE audit_checkpoints (
    sequence BIGINT NOT NULL PRIMARY KEY,
    previous BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    hash BINARY(32) NOT NULL,
    key_id VARCHAR(64) NOT NULL,
    signature BINARY(64) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE subject_keys (
    mark BINARY(16) NOT NULL PRIMARY KEY,
    sealed BLOB,
    created_at BIGINT NOT NULL,
    erased_at BIGINT,
    proof BINARY(32)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
