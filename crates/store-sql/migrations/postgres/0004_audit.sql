-- Security events in a chain (docs/AUDIT.md). What a hash covers is never changed; the ids beside the marks are for
-- finding, and are blanked when a person is erased.
CREATE TABLE audit_events (
    sequence BIGINT NOT NULL PRIMARY KEY,
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    actor_id BYTEA,
    subject_id BYTEA,
    session_id BYTEA,
    address_mark BYTEA,
    actor_mark BYTEA,
    subject_mark BYTEA,
    session_mark BYTEA,
    detail TEXT,
    sealed BYTEA,
    hash BYTEA NOT NULL,
    mac BYTEA NOT NULL
);
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
    hash BYTEA,
    cut BIGINT NOT NULL,
    cut_hash BYTEA,
    checkpoint BIGINT NOT NULL,
    adopting BIGINT NOT NULL,
    mac BYTEA
);
-- What security_events holds is taken over into the chain at the next start.
INSERT INTO audit_head (id, latest, cut, checkpoint, adopting) VALUES (1, 0, 0, 0, 1);

CREATE TABLE audit_checkpoints (
    sequence BIGINT NOT NULL PRIMARY KEY,
    previous BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    signature BYTEA NOT NULL
);

CREATE TABLE subject_keys (
    mark BYTEA NOT NULL PRIMARY KEY,
    sealed BYTEA,
    created_at BIGINT NOT NULL,
    erased_at BIGINT,
    proof BYTEA
);
