//! The audit trail: reading it, keeping it, verifying it.

mod deny;
mod keep;
mod list;
mod verify;

pub use deny::AccessDenied;
pub use keep::{
    adopt_events, checkpoint_audit, checkpoint_if_due, checkpoint_key, forget_person, note_export,
    trim_audit,
};
pub use list::{
    AuditEvent, AuditPage, AuditSearch, ListAuditEvents, ListAuditEventsError, audit_events_after,
    events_about,
};
pub use verify::{AuditReport, verify_audit};
