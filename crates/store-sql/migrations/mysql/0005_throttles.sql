-- Guesses at a secret, counted by account and source (PRO-2). Names are MACs.
CREATE TABLE throttles (
    id BINARY(32) NOT NULL PRIMARY KEY,
    account BINARY(32) NOT NULL,
    guesses BIGINT NOT NULL,
    in_a_row BIGINT NOT NULL,
    window_ends BIGINT NOT NULL,
    locked_until BIGINT,
    expires_at BIGINT NOT NULL,
    -- Counted up by whoever holds the row until their commit.
    holds BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX throttles_account ON throttles (account);
CREATE INDEX throttles_expires_at ON throttles (expires_at);
