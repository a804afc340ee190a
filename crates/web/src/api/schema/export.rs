//! Everything that is held on a user.

use axum::body::Bytes;
use futures::stream::{Stream, StreamExt as _, try_unfold};
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{AuditEvent, Export, ExportPart, Fault, View};
use ntt_auth_core::model::{
    EventId, EventKind, Job, JobId, Session, SessionId, Timestamp, User, UserId,
};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

use super::{ConsentBody, UserBody};

/// The version of the form of an export.
const SCHEMA_VERSION: u32 = 1;

/// Everything that is held on a user. Of secrets it tells that they are there. It is written part by part; this tells of its
/// form.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserExport)]
pub(crate) struct ExportBody {
    /// The version of this form.
    schema_version: u32,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    /// The account.
    profile: UserBody,
    /// What else is kept with the account.
    account: AccountBody,
    /// What they agreed to, and withdrew.
    consents: Vec<ConsentBody>,
    /// Mails and other jobs that concern them.
    jobs: Vec<JobOfUser>,
    /// Sessions, ended ones too, oldest first.
    sessions: Vec<SessionOfUser>,
    /// Events that concern them, newest first, and then those that they caused to others.
    events: Vec<EventOfUser>,
}

/// What is kept with an account beside the profile.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountBody {
    /// Whether a password is set; the password itself is not known to anybody.
    password_is_set: bool,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    password_changed_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    email_verified_at: Option<Timestamp>,
    /// When the account is erased if it is not used and the address is not verified until then.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    verify_by: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    suspended_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    suspended_until: Option<Timestamp>,
    /// Why they were suspended.
    #[schema(required)]
    suspension_reason: Option<String>,
}

/// A session in an export.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionOfUser {
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_refreshed_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    idle_expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    ended_at: Option<Timestamp>,
    #[schema(required)]
    end_reason: Option<&'static str>,
    #[schema(required)]
    device_name: Option<String>,
    #[schema(required)]
    user_agent: Option<String>,
    #[schema(required)]
    ip_address: Option<String>,
}

/// A job in an export.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobOfUser {
    #[schema(value_type = String, format = Uuid)]
    job_id: JobId,
    /// What it does, e.g. `mail`.
    kind: String,
    /// Which, e.g. the name of the letter.
    topic: String,
    state: &'static str,
    attempts: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    due_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    finished_at: Option<Timestamp>,
    #[schema(required)]
    last_error: Option<String>,
}

/// An event in an export.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventOfUser {
    #[schema(value_type = String, format = Uuid)]
    event_id: EventId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The name of its kind.
    kind: String,
    /// What that means.
    #[schema(required)]
    meaning: Option<&'static str>,
    #[schema(value_type = Option<String>, format = Uuid, required)]
    actor_id: Option<UserId>,
    #[schema(value_type = Option<String>, format = Uuid, required)]
    subject_id: Option<UserId>,
    #[schema(value_type = Option<String>, format = Uuid, required)]
    session_id: Option<SessionId>,
    #[schema(required)]
    ip_address: Option<String>,
    #[schema(required)]
    user_agent: Option<String>,
    #[schema(required)]
    detail: Option<String>,
}

impl From<&User> for AccountBody {
    fn from(user: &User) -> Self {
        let suspension = user.standing.suspension.as_ref();
        Self {
            password_is_set: user.password.is_some(),
            password_changed_at: user.password_changed_at,
            email_verified_at: user.email_verified_at,
            verify_by: user.verify_by,
            suspended_at: suspension.map(|suspension| suspension.at),
            suspended_until: suspension.and_then(|suspension| suspension.until),
            suspension_reason: suspension.and_then(|suspension| suspension.reason.clone()),
        }
    }
}

impl From<Session> for SessionOfUser {
    fn from(session: Session) -> Self {
        Self {
            session_id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            last_refreshed_at: session.rotated_at,
            idle_expires_at: session.idle_expires_at,
            expires_at: session.expires_at,
            ended_at: session.ended.map(|ended| ended.at),
            end_reason: session.ended.map(|ended| ended.reason.as_str()),
            device_name: session.client.device_name,
            user_agent: session.client.user_agent,
            ip_address: session.client.ip_address.map(|address| address.to_string()),
        }
    }
}

impl From<Job> for JobOfUser {
    fn from(job: Job) -> Self {
        Self {
            job_id: job.id,
            kind: job.kind.as_str().to_owned(),
            topic: job.topic,
            state: job.state.as_str(),
            attempts: job.attempts,
            created_at: job.created_at,
            due_at: job.due_at,
            expires_at: job.expires_at,
            finished_at: job.finished_at,
            last_error: job.last_error,
        }
    }
}

impl From<AuditEvent> for EventOfUser {
    fn from(event: AuditEvent) -> Self {
        Self {
            event_id: event.id,
            at: event.at,
            meaning: event.kind.parse().ok().map(EventKind::meaning),
            kind: event.kind,
            actor_id: event.actor,
            subject_id: event.subject,
            session_id: event.session,
            ip_address: event.ip_address.map(|address| address.to_string()),
            user_agent: event.user_agent,
            detail: event.detail,
        }
    }
}

/// Where the text of an export stands.
struct Written {
    auth: Arc<Auth>,
    export: Export,
    /// Whether events have begun.
    events: bool,
    /// Whether the list that is open has an item.
    items: bool,
    over: bool,
}

/// The text of an export in JSON, part by part. A fault ends it before its last bracket, so that nobody takes a part for
/// the whole.
pub fn export_json(
    auth: Arc<Auth>,
    export: Export,
) -> impl Stream<Item = Result<Bytes, Fault>> + Send + 'static {
    let begun = Written {
        auth,
        export,
        events: false,
        items: false,
        over: false,
    };
    try_unfold(begun, |mut written| async move {
        if written.over {
            return Ok(None);
        }
        let text = match written.export.next(&written.auth).await? {
            Some(part) => written.write(part)?,
            None => {
                written.over = true;
                "]}\n".to_owned()
            }
        };
        Ok(Some((Bytes::from(text), written)))
    })
    .boxed()
}

impl Written {
    fn write(&mut self, part: ExportPart) -> Result<String, Fault> {
        let mut text = String::new();
        match part {
            ExportPart::About {
                at,
                user,
                consents,
                jobs,
            } => {
                let consents: Vec<_> = consents.iter().map(ConsentBody::of).collect();
                let jobs: Vec<_> = jobs.into_iter().map(JobOfUser::from).collect();
                text.push_str("{\"schemaVersion\":");
                text.push_str(&json(&SCHEMA_VERSION)?);
                for (name, value) in [
                    ("exportedAt", json(&at)?),
                    ("profile", json(&UserBody::of(&user, View::Full, at))?),
                    ("account", json(&AccountBody::from(&*user))?),
                    ("consents", json(&consents)?),
                    ("jobs", json(&jobs)?),
                ] {
                    text.push_str(",\"");
                    text.push_str(name);
                    text.push_str("\":");
                    text.push_str(&value);
                }
                text.push_str(",\"sessions\":[");
            }
            ExportPart::Sessions(sessions) => {
                for session in sessions {
                    self.item(&mut text, &SessionOfUser::from(session))?;
                }
            }
            ExportPart::Events(events) => {
                if !self.events {
                    self.events = true;
                    self.items = false;
                    text.push_str("],\"events\":[");
                }
                for event in events {
                    self.item(&mut text, &EventOfUser::from(event))?;
                }
            }
        }
        Ok(text)
    }

    fn item(&mut self, text: &mut String, item: &impl Serialize) -> Result<(), Fault> {
        if std::mem::replace(&mut self.items, true) {
            text.push(',');
        }
        text.push_str(&json(item)?);
        Ok(())
    }
}

fn json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|error| ntt_auth_core::store::StoreError::driver(error).into())
}
