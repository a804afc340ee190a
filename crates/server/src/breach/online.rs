//! The range API of Have I Been Pwned: five hexadecimal digits of a digest go out, and all that begin with them come back, so
//! that nobody out there learns which one was meant (k-anonymity).

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use http::Request;
use http::header::{ACCEPT, USER_AGENT};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use ntt_auth_core::password::LeakDigest;
use tokio::time::Instant;
use tracing::Instrument as _;
use url::Url;

use crate::telemetry::Chain;

/// An answer has about 40 KiB; a padded one somewhat more.
const MOST_OCTETS: usize = 1 << 20;
/// After so many failures in a row nobody is asked for a while,
const FAILURES: u32 = 3;
/// which lasts so long.
const PAUSE: Duration = Duration::from_secs(30);

/// Why it was not found out.
#[derive(Debug, thiserror::Error)]
pub enum OnlineError {
    /// The other side does not answer, or not in time.
    #[error("no answer: {0}")]
    NoAnswer(Box<str>),
    /// It answers something else.
    #[error("the answer has status {0}")]
    Status(u16),
    /// It failed just now, and is left alone.
    #[error("it failed just now and is not asked for a while")]
    Paused,
}

/// A client of the range API.
pub struct Online {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    api: Url,
    timeout: Duration,
    breaker: Mutex<Breaker>,
}

#[derive(Default)]
struct Breaker {
    failures: u32,
    paused_until: Option<Instant>,
}

impl Online {
    /// A client of the API at `api`, for example `https://api.pwnedpasswords.com/range/`, that waits no longer than `timeout`.
    pub fn new(api: Url, timeout: Duration) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider());
        // The protocol versions are constants of that provider, so there is no error to be had.
        let connector = match connector {
            Ok(connector) => connector,
            Err(_) => HttpsConnectorBuilder::new().with_webpki_roots(),
        };
        Self::over(connector, api, timeout)
    }

    /// As [`Online::new`], with the authorities that `connector` trusts.
    fn over(connector: HttpsConnectorBuilder<WantsSchemes>, api: Url, timeout: Duration) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new())
                .build(connector.https_or_http().enable_http1().build()),
            api,
            timeout,
            breaker: Mutex::default(),
        }
    }

    /// Whether a password of this digest was stolen somewhere.
    ///
    /// # Errors
    /// [`OnlineError`] says why that is not known.
    pub async fn know(&self, password: &LeakDigest) -> Result<bool, OnlineError> {
        if self.is_paused() {
            return Err(OnlineError::Paused);
        }
        let digits = password.to_string();
        let (prefix, suffix) = digits.split_at_checked(5).unwrap_or_default();
        let span = tracing::info_span!(
            target: "trace",
            "breach look-up",
            otel.kind = "client",
            "http.request.method" = "GET",
            "server.address" = self.api.host_str(),
        );
        let asked = tokio::time::timeout(self.timeout, self.range(prefix).instrument(span)).await;
        let answer = asked.unwrap_or_else(|_| {
            let text = format!("nothing within {:?}", self.timeout);
            Err(OnlineError::NoAnswer(text.into()))
        });
        self.note(answer.is_ok());
        answer.map(|range| lists(&range, suffix))
    }

    async fn range(&self, prefix: &str) -> Result<String, OnlineError> {
        let no_answer = |text: String| OnlineError::NoAnswer(text.into());
        let address = format!("{}/{prefix}", self.api.as_str().trim_end_matches('/'));
        let request = Request::get(address)
            .header(USER_AGENT, concat!("ntt-auth/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "text/plain")
            // So that the length of an answer does not tell what was asked.
            .header("Add-Padding", "true")
            .body(Empty::new())
            .map_err(|error| no_answer(error.to_string()))?;
        let answer = self
            .client
            .request(request)
            .await
            // By itself it says no more than that it could not connect.
            .map_err(|error| no_answer(Chain(&error).to_string()))?;
        if !answer.status().is_success() {
            return Err(OnlineError::Status(answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), MOST_OCTETS)
            .collect()
            .await
            .map_err(|error| no_answer(error.to_string()))?;
        String::from_utf8(body.to_bytes().into()).map_err(|error| no_answer(error.to_string()))
    }

    fn is_paused(&self) -> bool {
        let breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker
            .paused_until
            .is_some_and(|until| Instant::now() < until)
    }

    fn note(&self, good: bool) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        if good {
            *breaker = Breaker::default();
        } else {
            breaker.failures += 1;
            if breaker.failures >= FAILURES {
                breaker.paused_until = Some(Instant::now() + PAUSE);
            }
        }
    }
}

/// Whether a range lists this suffix. Lines that were added as padding are said to be seen no time.
fn lists(range: &str, suffix: &str) -> bool {
    range
        .lines()
        .filter_map(|line| line.trim().split_once(':'))
        .any(|(listed, count)| listed.eq_ignore_ascii_case(suffix) && count.trim() != "0")
}

#[cfg(test)]
mod tests;
