-- Words are kept in the order in which their users came to be, so that a page of users who share a word is read off
-- without looking at all of them. That time never changes.

ALTER TABLE user_search ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
UPDATE user_search SET created_at = users.created_at FROM users WHERE users.id = user_search.user_id;
ALTER TABLE user_search ALTER COLUMN created_at DROP DEFAULT;
ALTER TABLE user_search DROP CONSTRAINT user_search_pkey, ADD PRIMARY KEY (contact, token, created_at, user_id);
