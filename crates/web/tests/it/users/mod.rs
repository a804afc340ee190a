//! Accounts of others.

mod bulk;
mod consents;
mod erase;
mod export;
mod export_one;
pub(crate) mod import;
mod import_trust;
mod list;
mod manage;
mod retention;

use crate::app::Principal;

const USERS: &str = "/api/v1/users";

fn path(holder: &Principal, rest: &str) -> String {
    format!("{USERS}/{}{rest}", holder.id())
}
