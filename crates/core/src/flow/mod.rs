//! The use cases, each written once. Pages, API, console and command line call these.
//!
//! A flow first *decides* with no transaction open (it reads, hashes, chooses), then *applies* one short
//! [`Work`](crate::store::Work). A rejection is a committed value; revocations that a work wrote are in force on this
//! node before the flow answers.

mod ask_for_mail;
mod audit;
mod auth;
mod back_up;
mod change_email;
mod change_password;
mod change_profile;
mod consents;
mod copy_store;
mod create_user;
mod disown;
mod erase_due;
mod erase_user;
mod event;
mod export_user;
mod export_users;
mod fault;
mod follow;
mod guess;
mod import_users;
mod jobs;
mod keys;
mod letters;
mod links;
mod list_users;
mod mail_job;
mod mailbox;
mod manage_jobs;
mod manage_user;
mod manage_users;
mod new_device;
mod new_password;
mod read_user;
mod reconcile;
mod refresh;
mod register;
mod reset_password;
mod root;
mod send_link;
mod sessions;
mod set_up;
mod sign_in;
mod sign_out;
mod stats;
mod suspension;
mod verify_email;
mod void_links;

pub use ask_for_mail::{AskForMailError, ForgotPassword, ResendVerification};
pub use audit::{
    AccessDenied, AuditEvent, AuditPage, AuditReport, AuditSearch, ListAuditEvents,
    ListAuditEventsError, adopt_events, audit_events_after, checkpoint_audit, checkpoint_if_due,
    checkpoint_key, events_about, forget_person, note_export, trim_audit, verify_audit,
};
pub use auth::{Actor, Auth, AuthParts, Caller};
pub use back_up::{BackUp, BackUpError, invalidate_restored, note_backup};
pub use change_email::{
    ChangeEmail, ChangeEmailError, ConfirmEmailChange, ConfirmEmailChangeError,
};
pub use change_password::{ChangePassword, ChangePasswordError};
pub use change_profile::{ChangeProfile, ProfileChange, RawProfileChange};
pub use consents::{ConsentError, GiveConsent, WithdrawConsent, list_consents};
pub use copy_store::{CopyError, CopyStep, CopyStore, Proof};
pub use create_user::{CreateUser, CreateUserError};
pub use disown::{Disown, Disowned};
pub use erase_due::{erase_deleted, erase_unverified};
pub use erase_user::{EraseUser, EraseUserError};
pub use export_user::{Export, ExportPart, ExportUser};
pub use export_users::{ExportUsers, ExportUsersError};
pub use fault::Fault;
pub use follow::{
    FollowReport, RevocationSnapshot, follow, purge, revocations_after, revocations_in_force,
};
pub use guess::settle_guesses;
pub use import_users::{
    ImportTerms, ImportUsers, ImportUsersError, OnConflict, OnInvalid, RowOutcome, RowProblem,
};
pub use jobs::{JOB_LEASE, JobsReport, run_jobs};
pub use keys::{KeysError, ensure_keys, reload_keys, replace_keys, rotate_keys, rotation_due};
pub use links::{LinkError, link_is_open};
pub use list_users::{ListUsers, ListUsersError, UserPage, View};
pub use manage_jobs::{JobMeasure, JobPage, ListJobs, ManageJob, ManageJobsError};
pub use manage_user::{ManageUser, ManageUserError, Measure};
pub use manage_users::{ManageUsers, ManageUsersError, Managed};
pub use new_password::{NewPasswordError, hash_new};
pub use read_user::{ReadUserError, read_self, read_user};
pub use reconcile::{Reconciled, keep_erasures, reconcile_erasures};
pub use refresh::{Refresh, RefreshError};
pub use register::{RawRegistration, Register, RegisterError, Registered, Registration};
pub use reset_password::{ResetPassword, ResetPasswordError};
pub use root::{RootError, keep_root, open_root, rewrap_root, root_is_known_to};
pub use send_link::{LinkToSend, SendLink};
pub use sessions::{EndSession, EndSessionError, EndSessionOf, list_sessions, sessions_of};
pub use set_up::{SetUp, SetUpError, offer_set_up, set_up_is_open};
pub use sign_in::{Device, SignIn, SignInError, Tokens};
pub use sign_out::{SignOut, SignOutEverywhere};
pub use stats::{DayStats, ReadStats, ReadStatsError, Stats, SystemStats};
pub use verify_email::VerifyEmail;
