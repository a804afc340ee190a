-- Ids are 16 bytes, times are milliseconds since the Unix epoch, flags are 0 or 1. Unique keys are named table_column.
-- What is compared and sorted is so by code point.

CREATE TABLE users (
    id BYTEA NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_folded TEXT COLLATE "C" NOT NULL,
    email_verified_at BIGINT,
    username TEXT,
    username_folded TEXT COLLATE "C",
    first_name TEXT,
    last_name TEXT,
    phone TEXT,
    avatar_url TEXT,
    timezone TEXT,
    locale TEXT,
    metadata TEXT NOT NULL,
    role TEXT NOT NULL,
    suspended_at BIGINT,
    suspended_until BIGINT,
    suspension_reason TEXT,
    deleted_at BIGINT,
    password TEXT,
    password_changed_at BIGINT,
    token_version BIGINT NOT NULL,
    -- 0 for never, so that lists sorted by it need no expression.
    last_login_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email_folded ON users (email_folded);
CREATE UNIQUE INDEX users_username_folded ON users (username_folded);
CREATE INDEX users_created_at ON users (created_at, id);
CREATE INDEX users_last_login_at ON users (last_login_at, id);
CREATE INDEX users_role ON users (role);

CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL,
    seed BYTEA NOT NULL,
    generation BIGINT NOT NULL,
    ip_address TEXT,
    user_agent TEXT,
    device_name TEXT,
    rotated_by BYTEA NOT NULL,
    rotated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT,
    -- The least of idle_expires_at, expires_at and ended_at: one index finds what can be forgotten.
    open_until BIGINT NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_open_until ON sessions (open_until);

CREATE TABLE signing_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at BIGINT,
    expires_at BIGINT
);

CREATE TABLE revocations (
    sequence BIGINT NOT NULL PRIMARY KEY,
    -- Of one session, or of a user's tokens below a version.
    session_id BYTEA,
    user_id BYTEA,
    version BIGINT,
    revoked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revocations_expires_at ON revocations (expires_at);

-- One row each, which is locked by whoever counts it up, until their commit.
CREATE TABLE revocation_counter (
    id BIGINT NOT NULL PRIMARY KEY,
    latest BIGINT NOT NULL
);
INSERT INTO revocation_counter (id, latest) VALUES (1, 0);

CREATE TABLE setup (
    id BIGINT NOT NULL PRIMARY KEY,
    token BYTEA,
    expires_at BIGINT,
    closed_at BIGINT,
    super_admin_changes BIGINT NOT NULL
);
INSERT INTO setup (id, super_admin_changes) VALUES (1, 0);

CREATE TABLE security_events (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    actor_id BYTEA,
    subject_id BYTEA,
    session_id BYTEA,
    ip_address TEXT,
    detail TEXT
);
CREATE INDEX security_events_subject_id ON security_events (subject_id, id);
