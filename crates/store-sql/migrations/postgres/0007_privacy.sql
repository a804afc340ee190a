-- Who was erased, so that a restored backup forgets them again.
CREATE TABLE erasures (
    -- A keyed digest of the user's id: without the master key nobody can tell whose.
    subject BYTEA NOT NULL PRIMARY KEY,
    erased_at BIGINT NOT NULL
);
CREATE INDEX erasures_erased_at ON erasures (erased_at);

CREATE TABLE consents (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL,
    document TEXT NOT NULL,
    version TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    given_from TEXT,
    withdrawn_at BIGINT,
    withdrawn_from TEXT,
    -- 1 until withdrawn, then null: of a version one consent stands, and any number were withdrawn.
    standing BIGINT
);
CREATE UNIQUE INDEX consents_standing ON consents (user_id, document, version, standing);

-- What a person did to others is found when they are erased.
CREATE INDEX security_events_actor_id ON security_events (actor_id);
