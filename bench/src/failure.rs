//! Why a measurement could not be taken.

use std::io;
use std::net::SocketAddr;

/// The result of everything here that can fail.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// A measurement that could not be taken. A number that misses its target is no failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// A server answered otherwise than its API says.
    #[error("the server at {address} answered {status} to {request}: {body}")]
    Answer {
        /// The server's address.
        address: SocketAddr,
        /// What was asked, method and path.
        request: &'static str,
        /// The status of the answer.
        status: u16,
        /// The start of its body.
        body: String,
    },
    /// Something this tool needs is absent or not as expected; the text names the cure where there is one.
    #[error("{0}")]
    Unmet(String),
}

impl Failure {
    /// For `map_err`: names what was being done when the system refused.
    pub(crate) fn while_(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::System { doing, source }
    }
}
