-- What users are found by. Both forms are made from the user and written with them: the text, in which a space comes
-- before each word of a name and a line feed before each of the address, and a row for each word.

ALTER TABLE users ADD COLUMN search_words TEXT COLLATE "C";

CREATE TABLE user_search (
    -- 1 for words of the address alone.
    contact BIGINT NOT NULL,
    token TEXT COLLATE "C" NOT NULL,
    user_id BYTEA NOT NULL,
    PRIMARY KEY (contact, token, user_id)
);

-- Whether users from before this step have their words; the program makes them.
CREATE TABLE user_search_state (
    id BIGINT NOT NULL PRIMARY KEY,
    filled BIGINT NOT NULL
);
INSERT INTO user_search_state (id, filled) VALUES (1, 0);

-- For lists by what is rare: a role in the order of creation, the suspended, the deleted, the verified or not.
DROP INDEX users_role;
CREATE INDEX users_role ON users (role, created_at, id);
CREATE INDEX users_suspended_at ON users (suspended_at) WHERE suspended_at IS NOT NULL;
CREATE INDEX users_deleted_at ON users (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX users_verified ON users (created_at, id) WHERE email_verified_at IS NOT NULL;
CREATE INDEX users_unverified ON users (created_at, id) WHERE email_verified_at IS NULL;
