-- Words are kept in the order in which their users came to be, so that a page of users who share a word is read off
-- without looking at all of them. That time never changes.

ALTER TABLE user_search ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0 AFTER token;
UPDATE user_search JOIN users ON users.id = user_search.user_id SET user_search.created_at = users.created_at;
ALTER TABLE user_search ALTER COLUMN created_at DROP DEFAULT, DROP PRIMARY KEY, ADD PRIMARY KEY (contact, token, created_at, user_id);
