//! Errors as the log and the operator see them.

use std::error::Error;
use std::fmt;

/// An error with its causes, in one line.
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        f.write_str(&told)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let next = error.to_string();
            // Some errors show their cause themselves.
            if !told.contains(&next) {
                write!(f, ": {next}")?;
                told = next;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the store failed")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn shows_each_cause_once() {
        let cause = std::io::Error::other("disk full");
        assert_eq!(
            Chain(&Outer(cause)).to_string(),
            "the store failed: disk full"
        );
    }
}
