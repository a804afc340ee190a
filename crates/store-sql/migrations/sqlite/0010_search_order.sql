-- Words are kept in the order in which their users came to be, so that a page of users who share a word is read off
-- without looking at all of them; and words that only echo a name are kept apart, so that few words begin with the name.
-- The program makes them anew.

DROP TABLE user_search;
CREATE TABLE user_search (
    -- 0 for words of names, 1 for those of the address, 2 and 3 for those of them that echo a name.
    kind INTEGER NOT NULL,
    token TEXT NOT NULL,
    -- That of the user, which never changes.
    created_at INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    PRIMARY KEY (kind, token, created_at, user_id)
) STRICT, WITHOUT ROWID;
UPDATE users SET search_words = NULL;
UPDATE user_search_state SET filled = 0 WHERE id = 1;
