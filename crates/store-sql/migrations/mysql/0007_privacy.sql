-- Who was erased, so that a restored backup forgets them again.
CREATE TABLE erasures (
    -- A keyed digest of the user's id: without the master key nobody can tell whose.
    subject BINARY(32) NOT NULL PRIMARY KEY,
    erased_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX erasures_erased_at ON erasures (erased_at);

CREATE TABLE consents (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id BINARY(16) NOT NULL,
    document VARCHAR(64) NOT NULL,
    version VARCHAR(64) NOT NULL,
    given_at BIGINT NOT NULL,
    given_from VARCHAR(64),
    withdrawn_at BIGINT,
    withdrawn_from VARCHAR(64),
    -- 1 until withdrawn, then null: of a version one consent stands, and any number were withdrawn.
    standing BIGINT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE UNIQUE INDEX consents_standing ON consents (user_id, document, version, standing);

-- What a person did to others is found when they are erased.
CREATE INDEX security_events_actor_id ON security_events (actor_id);
