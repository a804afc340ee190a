-- When an account that somebody made for themselves is erased, unless the address is verified by then. Accounts from before
-- this step have no such time, and stay.

ALTER TABLE users ADD COLUMN verify_by BIGINT;
CREATE INDEX users_verify_by ON users (verify_by) WHERE verify_by IS NOT NULL;
