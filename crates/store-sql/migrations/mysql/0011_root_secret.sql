-- What every other key is derived from, sealed under the master key. Until the first start after this step there is none.

CREATE TABLE root_secret (
    id BIGINT NOT NULL PRIMARY KEY,
    sealed VARBINARY(255),
    sealed_at BIGINT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO root_secret (id) VALUES (1);
