-- What users are found by. Both forms are made from the user and written with them: the text, in which a space comes
-- before each word of a name and a line feed before each of the address, and a row for each word.

ALTER TABLE users ADD COLUMN search_words TEXT;

CREATE TABLE user_search (
    -- 1 for words of the address alone.
    contact BIGINT NOT NULL,
    token VARCHAR(64) NOT NULL,
    user_id BINARY(16) NOT NULL,
    PRIMARY KEY (contact, token, user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Whether users from before this step have their words; the program makes them.
CREATE TABLE user_search_state (
    id BIGINT NOT NULL PRIMARY KEY,
    filled BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO user_search_state (id, filled) VALUES (1, 0);

-- For lists by what is rare: a role in the order of creation, the suspended, the deleted, the verified or not.
DROP INDEX users_role ON users;
CREATE INDEX users_role ON users (role, created_at, id);
-- MySQL has no partial indexes.
CREATE INDEX users_suspended_at ON users (suspended_at);
CREATE INDEX users_deleted_at ON users (deleted_at);
CREATE INDEX users_email_verified_at ON users (email_verified_at, created_at, id);
