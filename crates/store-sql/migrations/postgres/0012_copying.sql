-- A copy from another database into this one that is not complete yet. While there is a row, nobody serves from here.

CREATE TABLE copying (
    id BIGINT NOT NULL PRIMARY KEY,
    -- What is copied: a digest of its root secret, and one of what moves there with every event.
    source BYTEA NOT NULL,
    pulse BYTEA NOT NULL,
    -- The process that writes; a later one takes over.
    run BYTEA NOT NULL,
    begun_at BIGINT NOT NULL,
    -- How far it has come: the table, its last key, its rows.
    place TEXT NOT NULL,
    last_key BYTEA,
    row_count BIGINT NOT NULL
);
