//! An account that may do everything, made by command.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::accounts::{self, Session};
use crate::failure::{Failure, Result};
use crate::load::ask;
use crate::process::Server;
use crate::request::{self, LOGIN};

/// The password of every account that is made beside the API.
pub(super) const PASSWORD: &str = "Quiet-harbour-of-the-7th-Lantern";

/// Makes one by `command`, which is ntt-auth, configured and without arguments.
pub(super) fn make(mut command: Command, email: &str) -> Result<()> {
    let mut child = command
        .args(["user", "create", email, "--role", "super_admin"])
        .arg("--password-stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(Failure::while_("starting ntt-auth user create"))?;
    if let Some(mut input) = child.stdin.take() {
        input
            .write_all(PASSWORD.as_bytes())
            .map_err(Failure::while_("giving ntt-auth a password"))?;
    }
    let made = child
        .wait()
        .map_err(Failure::while_("waiting for ntt-auth user create"))?;
    if made.success() {
        Ok(())
    } else {
        Err(Failure::Unmet("ntt-auth made no administrator".to_owned()))
    }
}

/// The request by which it signs in.
pub(super) fn login(email: &str) -> Vec<u8> {
    let body = serde_json::json!({ "email": email, "password": PASSWORD }).to_string();
    request::post_as(LOGIN, "application/json", &body)
}

/// Signs it in.
pub(super) fn sign_in(server: &Server, email: &str) -> Result<Session> {
    let answer = ask(server.address, 1, &[login(email)])?
        .pop()
        .ok_or_else(|| Failure::Unmet("no answer to a login".to_owned()))?;
    accounts::expect(server.address, "POST /auth/login", &answer, &[200])?;
    serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::Unmet(format!("a login's answer has no tokens: {error}")))
}
