//! What each step makes. Its names are those of the SQL engines' files.

use std::fmt::Write as _;

use mongodb::bson::{Document, doc};

/// One step.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) collections: &'static [&'static str],
    pub(super) indexes: &'static [Index],
    /// The single documents that are there from the beginning, each with the number 1.
    pub(super) documents: fn() -> Vec<(&'static str, Document)>,
}

/// One index, in ascending order of its fields.
pub(super) struct Index {
    collection: &'static str,
    pub(super) name: &'static str,
    pub(super) fields: &'static [&'static str],
    pub(super) unique: bool,
    /// Which documents are in it; all of them if none.
    pub(super) only: fn() -> Option<Document>,
}

impl Index {
    const fn new(
        collection: &'static str,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Self {
        Self {
            collection,
            name,
            fields,
            unique: false,
            only: || None,
        }
    }

    const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    const fn only(mut self, only: fn() -> Option<Document>) -> Self {
        self.only = only;
        self
    }
}

/// An index of what has a field.
macro_rules! having {
    ($field:literal) => {
        || Some(doc! { $field: { "$exists": true } })
    };
}

impl Step {
    /// Its indexes, those of one collection together.
    pub(super) fn by_collection(&self) -> Vec<(&'static str, Vec<&Index>)> {
        let mut found: Vec<(&'static str, Vec<&Index>)> = Vec::new();
        for index in self.indexes {
            match found.last_mut() {
                Some((collection, indexes)) if *collection == index.collection => {
                    indexes.push(index);
                }
                _ => found.push((index.collection, vec![index])),
            }
        }
        found
    }

    /// Everything that it makes, in words.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        for name in self.collections {
            let _ = writeln!(text, "collection {name}");
        }
        for index in self.indexes {
            let kind = if index.unique { "unique" } else { "index" };
            let (name, fields) = (index.name, index.fields.join(", "));
            let _ = write!(text, "{kind} {name} on {} ({fields})", index.collection);
            let _ = match (index.only)() {
                Some(only) => writeln!(text, " where {only}"),
                None => writeln!(text),
            };
        }
        for (collection, document) in (self.documents)() {
            let _ = writeln!(text, "document {collection} {document}");
        }
        text
    }
}

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "0001_house",
        collections: &[
            "users",
            "sessions",
            "signing_keys",
            "revocations",
            "revocation_counter",
            "setup",
            "security_events",
        ],
        indexes: &[
            Index::new("users", "users_email_folded", &["email_folded"]).unique(),
            Index::new("users", "users_username_folded", &["username_folded"])
                .unique()
                .only(having!("username_folded")),
            Index::new("users", "users_created_at", &["created_at", "_id"]),
            Index::new("users", "users_last_login_at", &["last_login_at", "_id"]),
            Index::new("sessions", "sessions_user_id", &["user_id", "_id"]),
            Index::new("sessions", "sessions_open_until", &["open_until"]),
            Index::new("revocations", "revocations_expires_at", &["expires_at"]),
            Index::new("revocations", "revocations_user_id", &["user_id"]).only(having!("user_id")),
            Index::new(
                "security_events",
                "security_events_subject_id",
                &["subject_id"],
            ),
        ],
        documents: || {
            vec![
                ("revocation_counter", doc! { "latest": 0_i64 }),
                ("setup", doc! { "super_admin_changes": 0_i64 }),
            ]
        },
    },
    Step {
        name: "0002_jobs",
        collections: &["jobs"],
        indexes: &[
            Index::new("jobs", "jobs_due_at", &["due_at", "_id"]).only(having!("due_at")),
            Index::new("jobs", "jobs_state", &["state", "_id"]),
            Index::new("jobs", "jobs_subject_id", &["subject_id", "_id"])
                .only(having!("subject_id")),
            Index::new("jobs", "jobs_finished_at", &["finished_at"]).only(having!("finished_at")),
        ],
        documents: Vec::new,
    },
    Step {
        name: "0003_codes",
        collections: &["codes"],
        indexes: &[
            Index::new("codes", "codes_place", &["user_id", "kind", "session_id"]).unique(),
            Index::new("codes", "codes_expires_at", &["expires_at"]),
        ],
        documents: Vec::new,
    },
    Step {
        name: "0004_audit",
        collections: &[
            "audit_events",
            "audit_head",
            "audit_checkpoints",
            "subject_keys",
        ],
        indexes: &[
            Index::new(
                "audit_events",
                "audit_events_occurred_at",
                &["occurred_at", "_id"],
            ),
            Index::new(
                "audit_events",
                "audit_events_kind",
                &["kind", "occurred_at", "_id"],
            ),
            Index::new(
                "audit_events",
                "audit_events_actor_id",
                &["actor_id", "occurred_at", "_id"],
            )
            .only(having!("actor_id")),
            Index::new(
                "audit_events",
                "audit_events_subject_id",
                &["subject_id", "occurred_at", "_id"],
            )
            .only(having!("subject_id")),
            Index::new(
                "audit_events",
                "audit_events_session_id",
                &["session_id", "occurred_at", "_id"],
            )
            .only(having!("session_id")),
            Index::new(
                "audit_events",
                "audit_events_address_mark",
                &["address_mark", "occurred_at", "_id"],
            )
            .only(having!("address_mark")),
        ],
        // What security_events holds is taken over into the chain at the next start.
        documents: || {
            vec![(
                "audit_head",
                doc! { "latest": 0_i64, "cut": 0_i64, "checkpoint": 0_i64, "adopting": true, "locks": 0_i64 },
            )]
        },
    },
    Step {
        name: "0005_throttles",
        collections: &["throttles"],
        indexes: &[
            Index::new("throttles", "throttles_account", &["account"]),
            Index::new("throttles", "throttles_expires_at", &["expires_at"]),
        ],
        documents: Vec::new,
    },
    Step {
        name: "0006_user_search",
        collections: &[],
        indexes: &[
            Index::new("users", "users_role", &["role", "created_at", "_id"]),
            Index::new("users", "users_suspended_at", &["suspended_at"])
                .only(having!("suspended_at")),
            Index::new("users", "users_deleted_at", &["deleted_at"]).only(having!("deleted_at")),
            Index::new(
                "users",
                "users_email_verified",
                &["email_verified", "created_at", "_id"],
            ),
        ],
        documents: Vec::new,
    },
    Step {
        name: "0007_privacy",
        collections: &["erasures", "consents"],
        indexes: &[
            Index::new("erasures", "erasures_erased_at", &["erased_at"]),
            Index::new(
                "consents",
                "consents_user_id",
                &["user_id", "given_at", "_id"],
            ),
            Index::new(
                "consents",
                "consents_standing",
                &["user_id", "document", "version"],
            )
            .unique()
            .only(|| Some(doc! { "standing": true })),
            Index::new("security_events", "security_events_actor_id", &["actor_id"]),
        ],
        documents: Vec::new,
    },
    Step {
        name: "0008_imports",
        collections: &["imports"],
        indexes: &[],
        documents: Vec::new,
    },
    Step {
        name: "0009_verify_by",
        collections: &[],
        indexes: &[
            Index::new("users", "users_verify_by", &["verify_by"]).only(having!("verify_by"))
        ],
        documents: Vec::new,
    },
    Step {
        name: "0010_search_order",
        collections: &[],
        // Each user under each of their words, and those of one word in the order in which they came to be.
        indexes: &[Index::new(
            "users",
            "users_search_words",
            &["search_words", "created_at", "_id"],
        )],
        documents: Vec::new,
    },
    Step {
        name: "0011_root_secret",
        collections: &["root_secret"],
        indexes: &[],
        documents: || vec![("root_secret", doc! {})],
    },
    Step {
        name: "0012_copying",
        collections: &["copying"],
        indexes: &[],
        documents: Vec::new,
    },
];
