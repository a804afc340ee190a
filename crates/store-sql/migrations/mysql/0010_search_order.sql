-- Words are kept in the order in which their users came to be, so that a page of users who share a word is read off
-- without looking at all of them; and words that only echo a name are kept apart, so that few words begin with the name.
-- The program makes them anew.

DROP TABLE user_search;
CREATE TABLE user_search (
    -- 0 for words of names, 1 for those of the address, 2 and 3 for those of them that echo a name.
    kind BIGINT NOT NULL,
    token VARCHAR(64) NOT NULL,
    -- That of the user, which never changes.
    created_at BIGINT NOT NULL,
    user_id BINARY(16) NOT NULL,
    PRIMARY KEY (kind, token, created_at, user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
UPDATE users SET search_words = NULL;
UPDATE user_search_state SET filled = 0 WHERE id = 1;
