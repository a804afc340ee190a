-- A copy from another database into this one that is not complete yet. While there is a row, nobody serves from here.

CREATE TABLE copying (
    id INTEGER NOT NULL PRIMARY KEY,
    -- What is copied: a digest of its root secret, and one of what moves there with every event.
    source BLOB NOT NULL,
    pulse BLOB NOT NULL,
    -- The process that writes; a later one takes over.
    run BLOB NOT NULL,
    begun_at INTEGER NOT NULL,
    -- How far it has come: the table, its last key, its rows.
    place TEXT NOT NULL,
    last_key BLOB,
    row_count INTEGER NOT NULL
) STRICT;
