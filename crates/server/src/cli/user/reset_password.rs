//! `ntt-auth user reset-password`

use ntt_auth_core::flow::{Actor, LinkToSend, SendLink};
use ntt_auth_core::model::Client;
use ntt_auth_core::secret::Bearer;

use super::super::{Failure, open, print};
use super::find;
use crate::settings::Settings;

pub(super) async fn run(name: &str, show: bool, settings: &Settings) -> Result<(), Failure> {
    let auth = open(settings).await?.auth;
    let user = find(&auth, name).await?;
    let send = SendLink {
        actor: Actor::Operator,
        user: user.id,
        link: LinkToSend::Reset,
        client: Client::default(),
    };
    if show {
        let link = send.run_and_show(&auth).await?;
        let link = link.as_ref().map(Bearer::expose).unwrap_or_default();
        return print(&format!("{link}\n"));
    }
    send.run(&auth).await?;
    print(&format!(
        "{} {} is sent a link as soon as the server runs.\n",
        user.id,
        user.email.as_str()
    ))
}
