//! How many connections each client has open.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

/// The bits of an IPv6 address that name a customer; the rest is theirs to choose.
const CUSTOMER: u128 = !0 << 64;

type Open = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Counts connections by client.
#[derive(Clone)]
pub(super) struct ClientCount {
    most: usize,
    uncounted: Arc<[IpNet]>,
    open: Open,
}

/// One counted connection; dropping it gives its place back.
pub(super) struct Counted(Option<(Open, IpAddr)>);

impl ClientCount {
    pub(super) fn new(most: usize, uncounted: Vec<IpNet>) -> Self {
        Self {
            most,
            uncounted: uncounted.into(),
            open: Arc::default(),
        }
    }

    /// Counts a connection, unless its client has as many as it may.
    pub(super) fn enter(&self, peer: IpAddr) -> Option<Counted> {
        let peer = peer.to_canonical();
        if self.uncounted.iter().any(|network| network.contains(&peer)) {
            return Some(Counted(None));
        }
        let client = client(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Counted(Some((Arc::clone(&self.open), client))))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some((open, client)) = self.0.take() else {
            return;
        };
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                open.remove(&client);
            }
        }
    }
}

fn client(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & CUSTOMER).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_client_and_gives_places_back() {
        let clients = ClientCount::new(2, vec!["10.0.0.0/8".parse().unwrap()]);
        let v4: IpAddr = "192.0.2.1".parse().unwrap();
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let first = clients.enter(v4).unwrap();
        let _second = clients.enter(mapped).unwrap();
        assert!(clients.enter(v4).is_none());
        drop(first);
        assert!(clients.enter(v4).is_some());

        let _a = clients.enter("2001:db8::1".parse().unwrap()).unwrap();
        let _b = clients.enter("2001:db8::2".parse().unwrap()).unwrap();
        assert!(
            clients.enter("2001:db8::3".parse().unwrap()).is_none(),
            "one /64 is one client"
        );
        assert!(clients.enter("2001:db8:0:1::1".parse().unwrap()).is_some());

        let proxy: IpAddr = "10.1.2.3".parse().unwrap();
        let proxied: Vec<_> = (0..5).map(|_| clients.enter(proxy)).collect();
        assert!(proxied.iter().all(Option::is_some));
    }

    #[test]
    fn forgets_clients_that_left() {
        let clients = ClientCount::new(1, Vec::new());
        drop(clients.enter("192.0.2.1".parse().unwrap()));
        assert!(clients.open.lock().unwrap().is_empty());
    }
}
