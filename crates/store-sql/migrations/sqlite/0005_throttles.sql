-- Guesses at a secret, counted by account and source (PRO-2). Names are MACs.
CREATE TABLE throttles (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    guesses INTEGER NOT NULL,
    in_a_row INTEGER NOT NULL,
    window_ends INTEGER NOT NULL,
    locked_until INTEGER,
    expires_at INTEGER NOT NULL,
    -- Counted up by whoever holds the row until their commit.
    holds INTEGER NOT NULL
) STRICT;
CREATE INDEX throttles_account ON throttles (account);
CREATE INDEX throttles_expires_at ON throttles (expires_at);
