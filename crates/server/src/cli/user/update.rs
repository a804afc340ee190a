//! `ntt-auth user update`

use clap::Args;
use ntt_auth_core::flow::{Actor, ChangeProfile, ProfileChange, RawProfileChange};
use ntt_auth_core::model::{Client, FieldErrors, Invalid};
use serde_json::{Map, Value};

use super::super::{Failure, open, print};
use super::shown::json_of;
use super::{Named, find};
use crate::settings::Settings;

#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true, args = [
    "username", "first_name", "last_name", "phone", "avatar_url", "timezone", "locale", "metadata",
])]
pub(crate) struct Update {
    #[command(flatten)]
    user: Named,
    /// User name
    #[arg(long)]
    username: Option<String>,
    /// Given name
    #[arg(long)]
    first_name: Option<String>,
    /// Family name
    #[arg(long)]
    last_name: Option<String>,
    /// Telephone number, like +442071234567
    #[arg(long)]
    phone: Option<String>,
    /// Address of a picture
    #[arg(long, value_name = "URL")]
    avatar_url: Option<String>,
    /// IANA time zone, like Europe/London
    #[arg(long)]
    timezone: Option<String>,
    /// Language tag, like en-GB
    #[arg(long)]
    locale: Option<String>,
    /// A JSON object, in place of all that there is
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(given: Update, settings: &Settings) -> Result<(), Failure> {
    let metadata = given
        .metadata
        .map(|text| object(&text))
        .transpose()
        .map_err(Failure::Invalid)?;
    let raw = RawProfileChange {
        username: given.username.map(cleared),
        first_name: given.first_name.map(cleared),
        last_name: given.last_name.map(cleared),
        phone: given.phone.map(cleared),
        avatar_url: given.avatar_url.map(cleared),
        timezone: given.timezone.map(cleared),
        locale: given.locale.map(cleared),
        metadata,
    };
    let auth = open(settings).await?.auth;
    let change = ProfileChange::parse(raw, &auth).map_err(Failure::Invalid)?;
    let change = ChangeProfile {
        actor: Actor::Operator,
        user: find(&auth, &given.user.name).await?.id,
        change,
        client: Client::default(),
    };
    let user = change.run(&auth).await?;
    print(&if given.json {
        format!("{}\n", json_of(&user, auth.now()))
    } else {
        format!("{} {} was changed.\n", user.id, user.email.as_str())
    })
}

/// An empty text clears.
fn cleared(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn object(text: &str) -> Result<Option<Map<String, Value>>, FieldErrors> {
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(|error| {
        let invalid = Invalid::with("invalid_json", format!("This is no JSON object: {error}."));
        FieldErrors::from(("/metadata", invalid))
    })
}
