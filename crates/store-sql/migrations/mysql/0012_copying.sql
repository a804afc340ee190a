-- A copy from another database into this one that is not complete yet. While there is a row, nobody serves from here.

CREATE TABLE copying (
    id BIGINT NOT NULL PRIMARY KEY,
    -- What is copied: a digest of its root secret, and one of what moves there with every event.
    source BINARY(32) NOT NULL,
    pulse BINARY(32) NOT NULL,
    -- The process that writes; a later one takes over.
    run BINARY(16) NOT NULL,
    begun_at BIGINT NOT NULL,
    -- How far it has come: the table, its last key, its rows.
    place VARCHAR(64) NOT NULL,
    last_key VARBINARY(3000),
    row_count BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
