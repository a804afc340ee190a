-- What every other key is derived from, sealed under the master key. Until the first start after this step there is none.

CREATE TABLE root_secret (
    id INTEGER NOT NULL PRIMARY KEY,
    sealed BLOB,
    sealed_at INTEGER
) STRICT;
INSERT INTO root_secret (id) VALUES (1);
