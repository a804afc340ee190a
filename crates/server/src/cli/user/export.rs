//! `ntt-auth user export`

use futures::TryStreamExt as _;
use ntt_auth_core::flow::{Actor, ExportUser};
use ntt_auth_core::model::Client;
use ntt_auth_web::export_json;

use super::super::{Failure, open, print};
use super::find;
use crate::settings::Settings;

pub(super) async fn run(name: &str, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let export = ExportUser {
        actor: Actor::Operator,
        user: find(&auth, name).await?.id,
        client: Client::default(),
    };
    let export = export.run(&auth).await?;
    let mut text = export_json(auth, export);
    while let Some(part) = text.try_next().await? {
        print(&String::from_utf8_lossy(&part))?;
    }
    Ok(())
}
