-- Words are kept in the order in which their users came to be, so that a page of users who share a word is read off
-- without looking at all of them.

CREATE TABLE user_search_ordered (
    -- 1 for words of the address alone.
    contact INTEGER NOT NULL,
    token TEXT NOT NULL,
    -- That of the user, which never changes.
    created_at INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    PRIMARY KEY (contact, token, created_at, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO user_search_ordered (contact, token, created_at, user_id)
    SELECT contact, token, created_at, user_id FROM user_search CROSS JOIN users WHERE id = user_id;
DROP TABLE user_search;
ALTER TABLE user_search_ordered RENAME TO user_search;
