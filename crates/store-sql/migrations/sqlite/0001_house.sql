-- Ids are 16 bytes, times are milliseconds since the Unix epoch, flags are 0 or 1. Unique keys are named table_column.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    email_verified_at INTEGER,
    username TEXT,
    username_folded TEXT,
    first_name TEXT,
    last_name TEXT,
    phone TEXT,
    avatar_url TEXT,
    timezone TEXT,
    locale TEXT,
    metadata TEXT NOT NULL,
    role TEXT NOT NULL,
    suspended_at INTEGER,
    suspended_until INTEGER,
    suspension_reason TEXT,
    deleted_at INTEGER,
    password TEXT,
    password_changed_at INTEGER,
    token_version INTEGER NOT NULL,
    -- 0 for never, so that lists sorted by it need no expression.
    last_login_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_email_folded ON users (email_folded);
CREATE UNIQUE INDEX users_username_folded ON users (username_folded);
CREATE INDEX users_created_at ON users (created_at, id);
CREATE INDEX users_last_login_at ON users (last_login_at, id);
CREATE INDEX users_role ON users (role);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    seed BLOB NOT NULL,
    generation INTEGER NOT NULL,
    ip_address TEXT,
    user_agent TEXT,
    device_name TEXT,
    rotated_by BLOB NOT NULL,
    rotated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT,
    -- The least of idle_expires_at, expires_at and ended_at: one index finds what can be forgotten.
    open_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_open_until ON sessions (open_until);

CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    activated_at INTEGER,
    retired_at INTEGER,
    expires_at INTEGER
) STRICT;

CREATE TABLE revocations (
    sequence INTEGER NOT NULL PRIMARY KEY,
    -- Of one session, or of a user's tokens below a version.
    session_id BLOB,
    user_id BLOB,
    version INTEGER,
    revoked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_expires_at ON revocations (expires_at);

-- One row each, which is locked by whoever counts it up, until their commit.
CREATE TABLE revocation_counter (
    id INTEGER NOT NULL PRIMARY KEY,
    latest INTEGER NOT NULL
) STRICT;
INSERT INTO revocation_counter (id, latest) VALUES (1, 0);

CREATE TABLE setup (
    id INTEGER NOT NULL PRIMARY KEY,
    token BLOB,
    expires_at INTEGER,
    closed_at INTEGER,
    super_admin_changes INTEGER NOT NULL
) STRICT;
INSERT INTO setup (id, super_admin_changes) VALUES (1, 0);

CREATE TABLE security_events (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    actor_id BLOB,
    subject_id BLOB,
    session_id BLOB,
    ip_address TEXT,
    detail TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX security_events_subject_id ON security_events (subject_id, id);
