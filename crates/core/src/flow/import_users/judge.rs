//! Whether a row makes an account: every part goes through the types that every other account's parts go through.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::apply::What;
use super::{ImportTerms, OnInvalid};
use crate::flow::{Actor, Auth};
use crate::model::{
    AvatarUrl, Email, ErasedId, FieldError, FieldErrors, Invalid, LocaleTag, Metadata, PersonName,
    Phone, Profile, Role, Standing, Suspension, TimeZoneName, Timestamp, User, UserId, Username,
};
use crate::password::{Encoded, Plain};
use crate::policy::Action;
use crate::secret::PasswordHash;
use crate::transfer::{Reading, Record, RecordPassword};

/// Longest id of a source that is kept, in octets.
const MAX_SOURCE_ID: usize = 200;
/// How far the source's clock may be ahead of ours.
const SKEW: Duration = Duration::from_hours(24);
/// Longest reason of a suspension, in characters.
const MAX_REASON: usize = 500;

/// An account that a row makes.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) user: User,
    /// Whether its id is the source's.
    pub(super) kept_id: bool,
}

/// What a row is.
pub(super) struct Judged {
    pub(super) what: What,
    pub(super) problems: Vec<FieldError>,
    pub(super) source_id: Option<String>,
    /// A password that is yet to be hashed.
    pub(super) plain: Option<Plain>,
}

/// Judges rows.
pub(super) struct Judge<'a> {
    pub(super) auth: &'a Auth,
    pub(super) actor: Actor,
    pub(super) terms: &'a ImportTerms,
    pub(super) erased: &'a HashSet<ErasedId>,
    pub(super) now: Timestamp,
}

/// What is wrong with a row.
#[derive(Default)]
struct Wrong {
    /// Without this there is no account.
    needed: FieldErrors,
    /// An account can do without this.
    spare: FieldErrors,
}

impl Wrong {
    /// A part that an account can do without.
    fn part<T>(
        &mut self,
        field: &'static str,
        text: Option<&String>,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        // An empty text says nothing: CSV and other systems have no other word for it.
        let text = text.filter(|text| !text.trim().is_empty())?;
        self.spare.take(field, parse(text))
    }
}

impl Judge<'_> {
    pub(super) fn judge(&self, reading: Reading) -> Judged {
        match reading {
            Reading::Ignored => Judged {
                what: What::Ignored,
                problems: Vec::new(),
                source_id: None,
                plain: None,
            },
            Reading::Broken(invalid) => Judged {
                what: What::Rejected,
                problems: FieldErrors::from(("", invalid)).into_vec(),
                source_id: None,
                plain: None,
            },
            Reading::Record(record, unread) => {
                let mut wrong = Wrong {
                    spare: unread,
                    ..Wrong::default()
                };
                let source_id = record.id.clone().filter(|id| is_plain(id));
                let account = self.account(&record, &mut wrong);
                let plain = match (&account, &record.password) {
                    (Some(account), Some(RecordPassword::Plain(text))) => {
                        self.acceptable(text, &account.user, &mut wrong)
                    }
                    _ => None,
                };
                let whole = wrong.needed.is_empty()
                    && (wrong.spare.is_empty() || self.terms.on_invalid == OnInvalid::Drop);
                let mut problems = wrong.needed.into_vec();
                problems.extend(wrong.spare.into_vec());
                match account {
                    Some(account) if whole => Judged {
                        what: What::Account(Box::new(account)),
                        problems,
                        source_id,
                        plain,
                    },
                    _ => Judged {
                        what: What::Rejected,
                        problems,
                        source_id,
                        plain: None,
                    },
                }
            }
        }
    }

    fn account(&self, record: &Record, wrong: &mut Wrong) -> Option<Account> {
        let email = record.email.as_deref().unwrap_or_default();
        let email = wrong.needed.take("/email", Email::parse(email));
        let role = self.role(record, wrong);
        let profile = Profile {
            first_name: wrong.part("/firstName", record.first_name.as_ref(), PersonName::parse),
            last_name: wrong.part("/lastName", record.last_name.as_ref(), PersonName::parse),
            phone: wrong.part("/phone", record.phone.as_ref(), Phone::parse),
            avatar_url: wrong.part("/avatarUrl", record.avatar_url.as_ref(), AvatarUrl::parse),
            timezone: wrong.part("/timezone", record.timezone.as_ref(), TimeZoneName::parse),
            locale: wrong.part("/locale", record.locale.as_ref(), LocaleTag::parse),
            metadata: self.metadata(record, wrong),
        };
        let username = wrong.part("/username", record.username.as_ref(), Username::parse);
        let created_at = self
            .past("/createdAt", record.created_at, wrong)
            .unwrap_or(self.now);
        let updated_at = self
            .past("/updatedAt", record.updated_at, wrong)
            .unwrap_or(created_at);
        let password = hash(record, wrong);
        let standing = Standing {
            suspension: record.suspension.as_ref().map(|suspension| Suspension {
                at: suspension.at.unwrap_or(self.now),
                until: suspension.until,
                reason: suspension.reason.as_ref().map(|reason| {
                    reason
                        .chars()
                        .filter(|c| !c.is_control())
                        .take(MAX_REASON)
                        .collect()
                }),
            }),
            deleted_at: self.past("/deletedAt", record.deleted_at, wrong),
        };
        let has_password = record.password.is_some();
        let password_changed_at =
            self.past("/passwordChangedAt", record.password_changed_at, wrong);
        let kept = record.id.as_deref().and_then(kept_id);
        if kept.is_some_and(|id| self.erased.contains(&self.auth.erasure_keys.digest(id))) {
            wrong.needed.add(
                "/userId",
                Invalid::new("erased", "The person of this id was erased here."),
            );
        }
        let user = User {
            id: kept.unwrap_or_else(|| UserId::new(created_at, self.auth.entropy.as_ref())),
            email: email?,
            email_verified_at: self
                .past("/emailVerifiedAt", record.email_verified_at, wrong)
                .or_else(|| record.email_verified.then_some(created_at)),
            username,
            profile,
            role: role?,
            standing,
            password_changed_at: password_changed_at.or(has_password.then_some(created_at)),
            password,
            token_version: 0,
            last_login_at: self.past("/lastLoginAt", record.last_login_at, wrong),
            created_at,
            updated_at: updated_at.max(created_at),
            verify_by: None,
            revision: 0,
        };
        Some(Account {
            user,
            kept_id: kept.is_some(),
        })
    }

    fn role(&self, record: &Record, wrong: &mut Wrong) -> Option<Role> {
        let own = match record.role.as_deref().map(str::parse::<Role>) {
            Some(Err(unknown)) => {
                let message = format!("{unknown}.").replacen('a', "A", 1);
                wrong
                    .needed
                    .add("/role", Invalid::with("unknown_role", message));
                return None;
            }
            Some(Ok(role)) => Some(role),
            None => None,
        };
        let mapped = record
            .roles
            .iter()
            .filter_map(|name| self.terms.roles.get(name).copied())
            .max();
        let role = own.max(mapped).unwrap_or(self.terms.default_role);
        if Action::CreateUser.grants(self.actor.role(), role) {
            return Some(role);
        }
        wrong.needed.add(
            "/role",
            Invalid::new("forbidden", "Your role may not create users of that role."),
        );
        None
    }

    /// What the source keeps with the account, and the id it has there, by which others' records of the person are found.
    fn metadata(&self, record: &Record, wrong: &mut Wrong) -> Metadata {
        let mut members = record.metadata.clone();
        let id = record
            .id
            .as_deref()
            .filter(|id| kept_id(id).is_none() && id.len() <= MAX_SOURCE_ID);
        if let Some(id) = id {
            let from = self.terms.format.as_str();
            members.insert("imported".to_owned(), json!({ "from": from, "id": id }));
        }
        wrong
            .spare
            .take("/metadata", Metadata::parse(members))
            .unwrap_or_default()
    }

    fn past(
        &self,
        field: &'static str,
        at: Option<Timestamp>,
        wrong: &mut Wrong,
    ) -> Option<Timestamp> {
        let at = at?;
        if at > self.now.plus(SKEW) {
            let future = Invalid::new("in_future", "This time has not come yet.");
            wrong.spare.add(field, future);
            return None;
        }
        Some(at.min(self.now))
    }

    /// A password in plain is a new one, and what new passwords must be it must be.
    fn acceptable(&self, text: &str, user: &User, wrong: &mut Wrong) -> Option<Plain> {
        let plain = wrong.spare.take("/password", Plain::parse(text))?;
        match self
            .auth
            .rules
            .password
            .check(&plain, &user.context_words())
        {
            Ok(()) => Some(plain),
            Err(broken) => {
                for rule in broken {
                    wrong.spare.add("/password", rule);
                }
                None
            }
        }
    }
}

/// The hash, if it is one that a password can be compared with.
fn hash(record: &Record, wrong: &mut Wrong) -> Option<PasswordHash> {
    let mut unusable = |why: &dyn std::fmt::Display| {
        let message = format!("The password hash cannot be used: {why}.");
        wrong
            .spare
            .add("/passwordHash", Invalid::with("unusable_hash", message));
    };
    match record.password.as_ref()? {
        RecordPassword::Hash(hash) => match hash.expose().parse::<Encoded>() {
            Ok(_) => return Some(hash.clone()),
            Err(error) => unusable(&error),
        },
        RecordPassword::Unusable(why) => unusable(why),
        RecordPassword::Plain(_) => {}
    }
    None
}

/// The source's id as ours, if it is a UUID that says something.
fn kept_id(text: &str) -> Option<UserId> {
    let uuid = Uuid::try_parse(text).ok()?;
    (!uuid.is_nil() && !uuid.is_max()).then(|| UserId::from_uuid(uuid))
}

/// An id that may stand in a report: no address, and nothing that would break a line.
fn is_plain(id: &str) -> bool {
    id.len() <= MAX_SOURCE_ID && id.chars().all(|c| c.is_ascii_graphic() && c != '@')
}
