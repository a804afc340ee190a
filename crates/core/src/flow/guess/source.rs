//! From where guesses come.

use std::net::IpAddr;

use crate::model::SessionId;

/// From where a guess comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Device([u8; 16]),
    Session(SessionId),
    Network(Option<IpAddr>),
    /// All strangers together.
    Strangers,
}

impl Source {
    pub(super) fn bytes(&self) -> (&'static [u8], [u8; 16]) {
        match self {
            Self::Device(id) => (b"device", *id),
            Self::Session(id) => (b"session", *id.uuid().as_bytes()),
            Self::Network(None) => (b"nowhere", [0; 16]),
            Self::Network(Some(address)) => (b"network", network(*address)),
            Self::Strangers => (b"strangers", [0; 16]),
        }
    }
}

/// What one subscriber is given: an IPv4 address, whether or not it is written as IPv6, or an IPv6 /64.
fn network(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets.iter_mut().skip(8).for_each(|octet| *octet = 0);
            octets
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e21_one_subscriber_is_one_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }
}
