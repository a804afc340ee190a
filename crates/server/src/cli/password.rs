//! Passwords for commands: asked for without echo, or read from standard input; never an argument, which others on the
//! machine could see.

use std::io::{IsTerminal as _, Read as _};

use ntt_auth_core::password::Plain;
use zeroize::Zeroizing;

use super::Failure;

/// A new password: asked for twice at a terminal, or all of standard input without the end of its line.
pub(super) fn new_password(from_stdin: bool) -> Result<Zeroizing<String>, Failure> {
    if from_stdin {
        return from_standard_input();
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Password(
            "there is no terminal to ask for a password; give it on standard input with --password-stdin".to_owned(),
        ));
    }
    let first = ask("Password: ")?;
    if first != ask("Again: ")? {
        return Err(Failure::Password("the two passwords differ".to_owned()));
    }
    Ok(first)
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| Failure::Password(format!("the password cannot be asked for: {error}")))
}

fn from_standard_input() -> Result<Zeroizing<String>, Failure> {
    // More than any password takes, so that a wrong file is refused and not read whole.
    let most = 2 * Plain::MAX_BYTES;
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1));
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Password(format!("the password cannot be read: {error}")))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::Password("the password on standard input is not UTF-8".to_owned()))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Ok(Zeroizing::new(text.to_owned()))
}
