//! Whether a request comes from whoever works at an installation: for routes that exist for developers and tests alone.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::HeaderName;
use http::header::{FORWARDED, HOST};
use http::request::Parts;
use url::{Host, Url};

use crate::App;

const FORWARDING: [HeaderName; 2] = [FORWARDED, HeaderName::from_static("x-forwarded-for")];

/// The address of whoever asks, if no proxy stands between and no web page of somebody else's makes the browser ask: any page
/// that is open on a developer's machine reaches what listens there.
pub(crate) async fn desk(parts: &Parts, app: &App) -> Option<SocketAddr> {
    // Behind a proxy everybody would look like the proxy.
    let forwarded = FORWARDING
        .iter()
        .any(|name| parts.headers.contains_key(name));
    let ConnectInfo(peer) = *parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    (!forwarded
        && asked_by_its_name(parts, &app.settings.public_url)
        && app.origins.admit(parts).await)
        .then_some(peer)
}

/// Whether the host that was asked for is this machine or the public one. A web page elsewhere can have its own name resolve
/// to this machine (DNS rebinding) and would then be let read the answer; its name gives it away.
fn asked_by_its_name(parts: &Parts, public_url: &str) -> bool {
    let authority = match (parts.uri.authority(), parts.headers.get(HOST)) {
        (Some(authority), _) => authority.as_str(),
        (None, Some(host)) => host.to_str().unwrap_or_default(),
        // HTTP/1.0: no browser.
        (None, None) => return true,
    };
    let Ok(asked) = Url::parse(&format!("http://{authority}")) else {
        return false;
    };
    match asked.host() {
        // An address is no name: no page elsewhere has it for its own.
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        Some(Host::Domain(name)) => {
            name == "localhost" || name.ends_with(".localhost") || is_public(name, public_url)
        }
        None => false,
    }
}

fn is_public(name: &str, public_url: &str) -> bool {
    Url::parse(public_url).is_ok_and(|url| url.host_str() == Some(name))
}
