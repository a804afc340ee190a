//! Who asks, as far as can be told.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use ntt_auth_core::model::Client;

use crate::App;
use crate::extract::client_address;
use crate::layer::context;

const USER_AGENT_CHARACTERS: usize = 512;

/// Address and user agent of whoever asks.
#[derive(Debug, Clone)]
pub struct Peer(pub Client);

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let ip_address = client_address(&parts.headers, &parts.extensions, &app.settings);
        let user_agent = parts
            .headers
            .get(USER_AGENT)
            .map(|value| readable(value.as_bytes()));
        Ok(Self(Client {
            ip_address,
            user_agent,
            device_name: None,
            request_id: context::current().map(|context| context.request_id().to_owned()),
        }))
    }
}

/// A header's bytes as text that can be kept and shown, cut on a character's boundary.
pub(crate) fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|c| !c.is_control())
        .take(USER_AGENT_CHARACTERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_are_cut_on_a_characters_boundary() {
        assert_eq!(readable("é".repeat(600).as_bytes()).chars().count(), 512);
        assert_eq!(readable(b"a\xff\x01b"), "a\u{fffd}b");
    }
}
