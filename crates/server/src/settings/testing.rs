//! What test installations offer (`[testing]`).

use ipnet::IpNet;

use super::Profile;
use super::reader::{Reader, Refused};
use super::transport::network;

/// What installations of the profiles `development` and `test` offer those who test against them.
#[derive(Debug, Clone)]
pub struct Testing {
    /// Who may move the clock and reset the server.
    pub allow_from: Vec<IpNet>,
    /// Whether everybody knows the codes in links. In the profile `test` alone.
    pub fixed_codes: bool,
}

impl Testing {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        profile: Result<Profile, Refused>,
    ) -> Result<Self, Refused> {
        let allow_from = reader.list(
            "testing.allow_from",
            "write a network like 172.17.0.0/16 or an address like 192.0.2.1",
            network,
        );
        let fixed_codes = reader.boolean("testing.fixed_codes");
        if matches!(fixed_codes, Ok(true)) && matches!(profile, Ok(other) if other != Profile::Test)
        {
            reader.refuse(
                "testing.fixed_codes",
                "only the profile \"test\" has it: whoever knows an address could take the account over",
                "leave it out, or set profile = \"test\"",
            );
        }
        Ok(Self {
            allow_from: allow_from?,
            fixed_codes: fixed_codes?,
        })
    }
}
