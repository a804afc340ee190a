//! What goes in and out, as the OpenAPI document shows it.

mod audit;
mod consent;
mod creation;
mod export;
mod job;
mod link;
mod path;
mod permissions;
mod profile;
mod refusals;
mod registration;
mod revocation;
mod role;
mod session;
mod tokens;
mod user;

pub(crate) use audit::{AuditEventList, outcome_schema};
pub(crate) use consent::{ConsentBody, ConsentList, DocumentList};
pub(crate) use creation::CreationRequest;
pub(crate) use export::ExportBody;
pub use export::export_json;
pub(crate) use job::JobList;
pub(crate) use link::{Accepted, AddressRequest, LinkRequest};
pub(crate) use path::{DocumentPath, JobPath, SessionPath, UserPath};
pub(crate) use permissions::PermissionMatrix;
pub(crate) use profile::ProfileRequest;
pub(crate) use refusals::{
    ANY, BEARER, BODY, FRAME, HASHING, QUERY, page_refusals, page_refused_by, refusals, refused_by,
    share_refusals,
};
pub(crate) use registration::RegistrationFields;
pub(crate) use revocation::{HeadBody, RevocationBody, RevocationPage};
pub(crate) use role::{optional_role_schema, role_schema};
pub(crate) use session::SessionList;
pub(crate) use tokens::TokensBody;
pub(crate) use user::{UserBody, UserList, view_for};
