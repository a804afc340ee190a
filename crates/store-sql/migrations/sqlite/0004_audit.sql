-- Security events in a chain (docs/AUDIT.md). What a hash covers is never changed; the ids beside the marks are for
-- finding, and are blanked when a person is erased.
CREATE TABLE audit_events (
    sequence INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    actor_id BLOB,
    subject_id BLOB,
    session_id BLOB,
    address_mark BLOB,
    actor_mark BLOB,
    subject_mark BLOB,
    session_mark BLOB,
    detail TEXT,
    sealed BLOB,
    hash BLOB NOT NULL,
    mac BLOB NOT NULL
) STRICT;
CREATE INDEX audit_events_occurred_at ON audit_events (occurred_at, sequence);
CREATE INDEX audit_events_kind ON audit_events (kind, occurred_at, sequence);
CREATE INDEX audit_events_actor_id ON audit_events (actor_id, occurred_at, sequence);
CREATE INDEX audit_events_subject_id ON audit_events (subject_id, occurred_at, sequence);
CREATE INDEX audit_events_session_id ON audit_events (session_id, occurred_at, sequence);
CREATE INDEX audit_events_address_mark ON audit_events (address_mark, occurred_at, sequence);

-- One row, which is locked by whoever appends, until their commit.
CREATE TABLE audit_head (
    id INTEGER NOT NULL PRIMARY KEY,
    latest INTEGER NOT NULL,
    hash BLOB,
    cut INTEGER NOT NULL,
    cut_hash BLOB,
    checkpoint INTEGER NOT NULL,
    adopting INTEGER NOT NULL,
    mac BLOB
) STRICT;
-- What security_events holds is taken over into the chain at the next start.
INSERT INTO audit_head (id, latest, cut, checkpoint, adopting) VALUES (1, 0, 0, 0, 1);

CREATE TABLE audit_checkpoints (
    sequence INTEGER NOT NULL PRIMARY KEY,
    previous INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    hash BLOB NOT NULL,
    key_id TEXT NOT NULL,
    signature BLOB NOT NULL
) STRICT;

CREATE TABLE subject_keys (
    mark BLOB NOT NULL PRIMARY KEY,
    sealed BLOB,
    created_at INTEGER NOT NULL,
    erased_at INTEGER,
    proof BLOB
) STRICT, WITHOUT ROWID;
