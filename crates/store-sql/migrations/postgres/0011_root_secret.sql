-- What every other key is derived from, sealed under the master key. Until the first start after this step there is none.

CREATE TABLE root_secret (
    id BIGINT NOT NULL PRIMARY KEY,
    sealed BYTEA,
    sealed_at BIGINT
);
INSERT INTO root_secret (id) VALUES (1);
