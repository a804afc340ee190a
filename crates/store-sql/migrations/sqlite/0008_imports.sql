-- How far each import of users has come; a file is known by the SHA-256 of its octets.

CREATE TABLE imports (
    digest BLOB NOT NULL PRIMARY KEY,
    format TEXT NOT NULL,
    byte_offset INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    added INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    ignored INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
