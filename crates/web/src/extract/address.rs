//! From where a request comes (PRO-3).

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::header::FORWARDED;
use http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::settings::{ForwardedHeader, WebSettings};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// More hops than any real chain of proxies has.
const MAX_HOPS: usize = 32;

/// The client's address: the peer of the connection, unless that is a trusted proxy; then the rightmost address of the
/// forwarding header that is not one. Only the header that the proxies are known to write is read: another one comes
/// through them as the client sent it. IPv4-mapped addresses are told as IPv4.
pub(crate) fn client_address(
    headers: &HeaderMap,
    extensions: &Extensions,
    settings: &WebSettings,
) -> Option<IpAddr> {
    let trusted = settings.trusted_proxies.as_slice();
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    if !is_trusted(peer, trusted) {
        return Some(peer);
    }
    let name = match settings.forwarded_header {
        ForwardedHeader::XForwardedFor => &X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => &FORWARDED,
    };
    let mut client = peer;
    for value in headers.get_all(name).iter().rev() {
        let Ok(text) = value.to_str() else {
            return Some(client);
        };
        for hop in text.rsplit(',').take(MAX_HOPS) {
            let hop = if name == FORWARDED {
                for_of(hop)
            } else {
                Some(hop)
            };
            // What a trusted proxy wrote but cannot be read hides whatever stands left of it.
            let Some(address) = hop.and_then(node) else {
                return Some(client);
            };
            client = address;
            if !is_trusted(client, trusted) {
                return Some(client);
            }
        }
    }
    Some(client)
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// The `for` of one element of `Forwarded`, without its quotes.
fn for_of(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim().trim_matches('"'))
    })
}

/// An address, perhaps with a port, perhaps in brackets.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn seen(peer: &str, header: HeaderName, value: &str) -> String {
        let mut settings = WebSettings::new("https://auth.example.com");
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        if header == FORWARDED {
            settings.forwarded_header = ForwardedHeader::Forwarded;
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        headers.insert(header, HeaderValue::from_str(value).unwrap());
        client_address(&headers, &extensions, &settings)
            .unwrap()
            .to_string()
    }

    #[test]
    fn e20_what_strangers_claim_is_not_believed() {
        assert_eq!(
            seen("192.0.2.1", X_FORWARDED_FOR, "198.51.100.7"),
            "192.0.2.1"
        );
        assert_eq!(
            seen("::ffff:192.0.2.1", X_FORWARDED_FOR, "198.51.100.7"),
            "192.0.2.1"
        );
    }

    #[test]
    fn e20_of_a_chain_the_rightmost_stranger_counts() {
        assert_eq!(
            seen(
                "10.0.0.1",
                X_FORWARDED_FOR,
                "203.0.113.9, 198.51.100.7, 10.2.3.4"
            ),
            "198.51.100.7"
        );
        assert_eq!(
            seen("::ffff:10.0.0.1", X_FORWARDED_FOR, "198.51.100.7"),
            "198.51.100.7"
        );
        assert_eq!(
            seen(
                "10.0.0.1",
                X_FORWARDED_FOR,
                "198.51.100.7, nonsense, 10.2.3.4"
            ),
            "10.2.3.4"
        );
        assert_eq!(seen("10.0.0.1", X_FORWARDED_FOR, "10.9.9.9"), "10.9.9.9");
        assert_eq!(seen("10.0.0.1", X_FORWARDED_FOR, ""), "10.0.0.1");
        assert_eq!(
            seen("10.0.0.1", X_FORWARDED_FOR, "198.51.100.7:4711"),
            "198.51.100.7"
        );
        assert_eq!(
            seen("fd00::1", X_FORWARDED_FOR, "::ffff:198.51.100.7"),
            "198.51.100.7"
        );
    }

    #[test]
    fn reads_rfc7239() {
        assert_eq!(
            seen(
                "10.0.0.1",
                FORWARDED,
                "for=198.51.100.7;proto=https, for=10.1.1.1"
            ),
            "198.51.100.7"
        );
        assert_eq!(
            seen(
                "10.0.0.1",
                FORWARDED,
                "proto=https;For=\"[2001:db8::17]:4711\""
            ),
            "2001:db8::17"
        );
        assert_eq!(seen("10.0.0.1", FORWARDED, "for=unknown"), "10.0.0.1");
    }
}
