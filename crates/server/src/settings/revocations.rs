//! How revocations are followed, and told to services that validate tokens by themselves.

use std::time::Duration;

use ntt_auth_web::FeedToken;

use super::reader::{Reader, Refused};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);
/// As many characters as nobody guesses.
const LEAST: usize = 32;

/// How revocations are followed, and told to services.
#[derive(Debug, Clone)]
pub struct Revocations {
    /// After how long without having read them no access token is accepted any more; none means never.
    pub max_staleness: Option<Duration>,
    /// With what services follow them.
    pub feed_token: Option<FeedToken>,
    /// How many may follow at one time.
    pub max_streams: usize,
}

impl Revocations {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        // They are read five times a second; a limit near that would refuse tokens at every hiccup.
        let max_staleness = reader.optional_duration("revocations.max_staleness", 5 * SECOND, DAY);
        let feed_token =
            match reader.secret("revocations.feed_token", "revocations.feed_token_file") {
                Ok(Some(token)) if token.chars().count() < LEAST => Err(reader.refuse(
                    "revocations.feed_token",
                    "it is shorter than 32 characters",
                    "make one with `openssl rand -base64 32`",
                )),
                other => other,
            };
        let max_streams = reader.integer("revocations.max_streams", 1, 1_000_000);
        Ok(Self {
            max_staleness: max_staleness?,
            feed_token: feed_token?.map(|token| FeedToken::new(&token)),
            max_streams: max_streams?,
        })
    }
}
