//! What test installations offer (`[testing]`).

use ipnet::IpNet;

use super::reader::{Reader, Refused};
use super::transport::network;

/// What installations of the profiles `development` and `test` offer those who test against them.
#[derive(Debug, Clone)]
pub struct Testing {
    /// Who may move the clock and reset the server.
    pub allow_from: Vec<IpNet>,
}

impl Testing {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let allow_from = reader.list(
            "testing.allow_from",
            "write a network like 172.17.0.0/16 or an address like 192.0.2.1",
            network,
        );
        Ok(Self {
            allow_from: allow_from?,
        })
    }
}
