//! What of a user is seen and written by whom: the rules for single fields, beside those for whole actions
//! (OWASP ASVS 8.1.2, 8.2.3).

use crate::policy::Action;

/// Who sees a field of another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Whoever may read the user.
    ByReaders,
    /// Whoever may read the user in full: contact data are left out of the moderators' view.
    InFull,
    /// Nobody, not its owner either.
    Never,
}

/// Who writes a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Its owner, and whoever may update them, as part of the profile.
    AsProfile,
    /// Whoever makes the account, and later its owner by a flow of its own that asks for proof.
    ByProof,
    /// Whoever may do this to the user; never as a field of a request about something else.
    By(Action),
    /// The server alone.
    ByServer,
}

/// The rules of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRule {
    /// Its name in requests and answers.
    pub name: &'static str,
    /// Who sees it.
    pub seen: Seen,
    /// Who writes it.
    pub written: Written,
}

const fn rule(name: &'static str, seen: Seen, written: Written) -> FieldRule {
    FieldRule {
        name,
        seen,
        written,
    }
}

use Seen::{ByReaders, InFull, Never};
use Written::{AsProfile, By, ByProof, ByServer};

/// The fields of a user. Owners see all of theirs but those that nobody sees.
pub const USER_FIELDS: [FieldRule; 21] = [
    rule("userId", ByReaders, ByServer),
    rule("email", InFull, ByProof),
    rule("username", ByReaders, AsProfile),
    rule("firstName", ByReaders, AsProfile),
    rule("lastName", ByReaders, AsProfile),
    rule("role", ByReaders, By(Action::ChangeRole)),
    rule("isActive", ByReaders, By(Action::SuspendUser)),
    rule("isEmailVerified", ByReaders, ByServer),
    rule("isSuperuser", ByReaders, ByServer),
    rule("phone", InFull, AsProfile),
    rule("avatarUrl", ByReaders, AsProfile),
    rule("timezone", ByReaders, AsProfile),
    rule("locale", ByReaders, AsProfile),
    rule("metadata", InFull, AsProfile),
    rule("lastLoginAt", ByReaders, ByServer),
    rule("createdAt", ByReaders, ByServer),
    rule("updatedAt", ByReaders, ByServer),
    rule("suspendedUntil", ByReaders, By(Action::SuspendUser)),
    rule("deletedAt", ByReaders, By(Action::DeleteUser)),
    rule("password", Never, ByProof),
    rule("tokenVersion", Never, ByServer),
];
