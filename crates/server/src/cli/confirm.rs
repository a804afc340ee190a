//! Asking whether it is meant, before what cannot be undone.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::Failure;

/// Asks at the terminal; anything but `yes` is no. Where nobody can be asked, `--yes` has to say it.
pub(super) fn confirm(question: &str) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::Refused(
            "there is no terminal to ask whether this is meant; say so with --yes".to_owned(),
        ));
    }
    let mut out = std::io::stderr().lock();
    write!(out, "{question} Type yes: ")
        .and_then(|()| out.flush())
        .map_err(Failure::Output)?;
    let mut answer = String::new();
    stdin
        .lock()
        .read_line(&mut answer)
        .map_err(Failure::Output)?;
    if answer.trim() == "yes" {
        Ok(())
    } else {
        Err(Failure::Refused("nothing was done".to_owned()))
    }
}
