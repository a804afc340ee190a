//! The tables: their columns, and the one by which their rows are in order. Documents have the same names.

use super::{Field, Row};
use Kind::{Bytes, Flag, Id, Int, Text};

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The column that differs in every row and is never null. Every engine puts rows into the same order by it.
    pub key: &'static str,
    /// All columns.
    pub columns: &'static [Column],
    /// The one row that a new store has, of integers and nulls; none where a new store has no rows.
    fresh: Option<&'static [Option<i64>]>,
}

/// One column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds, where it holds anything.
    pub kind: Kind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Field::Int`]: a number or a time.
    Int,
    /// [`Field::Int`], 0 or 1.
    Flag,
    /// [`Field::Text`]
    Text,
    /// [`Field::Bytes`]
    Bytes,
    /// [`Field::Bytes`], 16 of them: a UUID.
    Id,
}

impl Kind {
    /// Whether a column of this kind can hold it.
    pub fn holds(self, field: &Field) -> bool {
        match (self, field) {
            (_, Field::Null)
            | (Int, Field::Int(_))
            | (Flag, Field::Int(0 | 1))
            | (Text, Field::Text(_))
            | (Bytes, Field::Bytes(_)) => true,
            (Id, Field::Bytes(bytes)) => bytes.len() == 16,
            _ => false,
        }
    }
}

impl Table {
    const fn new(name: &'static str, key: &'static str, columns: &'static [Column]) -> Self {
        Self {
            name,
            key,
            columns,
            fresh: None,
        }
    }

    const fn with(mut self, fresh: &'static [Option<i64>]) -> Self {
        self.fresh = Some(fresh);
        self
    }

    /// The table of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The one row that a new store has; `None` where a new store has no rows.
    pub fn fresh(&self) -> Option<Row> {
        let field = |field: &Option<i64>| field.map_or(Field::Null, Field::Int);
        Some(self.fresh?.iter().map(field).collect())
    }

    /// The key of one of its rows.
    pub fn key_of<'r>(&self, row: &'r Row) -> Option<&'r Field> {
        let at = self
            .columns
            .iter()
            .position(|column| column.name == self.key);
        row.get(at?)
    }
}

macro_rules! columns {
    ($($name:literal $kind:ident),* $(,)?) => { &[$(Column { name: $name, kind: $kind }),*] };
}

/// All tables, in the order in which they are copied.
pub static TABLES: &[Table] = &[
    Table::new(
        "users",
        "id",
        columns![
            "id" Id, "email" Text, "email_folded" Text, "email_verified_at" Int, "username" Text,
            "username_folded" Text, "first_name" Text, "last_name" Text, "phone" Text,
            "avatar_url" Text, "timezone" Text, "locale" Text, "metadata" Text, "role" Text,
            "suspended_at" Int, "suspended_until" Int, "suspension_reason" Text, "deleted_at" Int,
            "password" Text, "password_changed_at" Int, "token_version" Int, "last_login_at" Int,
            "created_at" Int, "updated_at" Int, "revision" Int, "verify_by" Int,
        ],
    ),
    Table::new(
        "consents",
        "id",
        columns![
            "id" Id, "user_id" Id, "document" Text, "version" Text, "given_at" Int,
            "given_from" Text, "withdrawn_at" Int, "withdrawn_from" Text, "standing" Flag,
        ],
    ),
    Table::new(
        "sessions",
        "id",
        columns![
            "id" Id, "user_id" Id, "seed" Bytes, "generation" Int, "ip_address" Text,
            "user_agent" Text, "device_name" Text, "rotated_by" Bytes, "rotated_at" Int,
            "created_at" Int, "last_used_at" Int, "idle_expires_at" Int, "expires_at" Int,
            "ended_at" Int, "end_reason" Text, "open_until" Int,
        ],
    ),
    Table::new(
        "codes",
        "hash",
        columns![
            "user_id" Id, "kind" Text, "session_id" Id, "hash" Bytes, "sealed" Bytes,
            "created_at" Int, "expires_at" Int, "used_at" Int,
        ],
    ),
    Table::new(
        "throttles",
        "id",
        columns![
            "id" Bytes, "account" Bytes, "guesses" Int, "in_a_row" Int, "window_ends" Int,
            "locked_until" Int, "expires_at" Int, "holds" Int,
        ],
    ),
    Table::new(
        "jobs",
        "id",
        columns![
            "id" Id, "kind" Text, "topic" Text, "subject_id" Id, "payload" Bytes, "state" Text,
            "attempts" Int, "due_at" Int, "expires_at" Int, "leased_by" Text, "last_error" Text,
            "created_at" Int, "finished_at" Int,
        ],
    ),
    Table::new(
        "imports",
        "digest",
        columns![
            "digest" Bytes, "format" Text, "byte_offset" Int, "row_count" Int, "added" Int,
            "updated" Int, "skipped" Int, "ignored" Int, "rejected" Int, "started_at" Int,
            "updated_at" Int, "finished_at" Int,
        ],
    ),
    Table::new(
        "erasures",
        "subject",
        columns![
            "subject" Bytes, "erased_at" Int,
        ],
    ),
    Table::new(
        "signing_keys",
        "id",
        columns![
            "id" Text, "algorithm" Text, "state" Text, "sealed" Bytes, "created_at" Int,
            "activated_at" Int, "retired_at" Int, "expires_at" Int,
        ],
    ),
    Table::new(
        "root_secret",
        "id",
        columns![
            "id" Int, "sealed" Bytes, "sealed_at" Int,
        ],
    )
    .with(&[Some(1), None, None]),
    Table::new(
        "revocations",
        "sequence",
        columns![
            "sequence" Int, "session_id" Id, "user_id" Id, "version" Int, "revoked_at" Int,
            "expires_at" Int,
        ],
    ),
    Table::new(
        "revocation_counter",
        "id",
        columns![
            "id" Int, "latest" Int,
        ],
    )
    .with(&[Some(1), Some(0)]),
    Table::new(
        "setup",
        "id",
        columns![
            "id" Int, "token" Bytes, "expires_at" Int, "closed_at" Int, "super_admin_changes" Int,
        ],
    )
    .with(&[Some(1), None, None, None, Some(0)]),
    Table::new(
        "subject_keys",
        "mark",
        columns![
            "mark" Bytes, "sealed" Bytes, "created_at" Int, "erased_at" Int, "proof" Bytes,
        ],
    ),
    Table::new(
        "security_events",
        "id",
        columns![
            "id" Id, "kind" Text, "occurred_at" Int, "actor_id" Id, "subject_id" Id,
            "session_id" Id, "ip_address" Text, "detail" Text,
        ],
    ),
    Table::new(
        "audit_events",
        "sequence",
        columns![
            "sequence" Int, "id" Id, "kind" Text, "occurred_at" Int, "actor_id" Id,
            "subject_id" Id, "session_id" Id, "address_mark" Bytes, "actor_mark" Bytes,
            "subject_mark" Bytes, "session_mark" Bytes, "detail" Text, "sealed" Bytes,
            "hash" Bytes, "mac" Bytes,
        ],
    ),
    Table::new(
        "audit_checkpoints",
        "sequence",
        columns![
            "sequence" Int, "previous" Int, "made_at" Int, "hash" Bytes, "key_id" Text,
            "signature" Bytes,
        ],
    ),
    Table::new(
        "audit_head",
        "id",
        columns![
            "id" Int, "latest" Int, "hash" Bytes, "cut" Int, "cut_hash" Bytes, "checkpoint" Int,
            "adopting" Flag, "mac" Bytes,
        ],
    )
    .with(&[
        Some(1),
        Some(0),
        None,
        Some(0),
        None,
        Some(0),
        Some(1),
        None,
    ]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_key_and_a_new_row_for_all_its_columns() {
        for table in TABLES {
            assert!(table.columns.iter().any(|column| column.name == table.key));
            if let Some(row) = table.fresh() {
                assert_eq!(row.len(), table.columns.len(), "{}", table.name);
                assert_eq!(table.key_of(&row), Some(&Field::Int(1)));
            }
            assert_eq!(Table::named(table.name).unwrap().key, table.key);
        }
    }
}
