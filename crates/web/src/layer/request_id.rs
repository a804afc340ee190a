//! Ids by which a request is found again in logs: ours, and the trace it is part of.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use ntt_auth_core::port::{Entropy, random};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Makes request ids: 64 random bits of this process, and a count. They need be unique, not secret.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: String,
    count: AtomicU64,
}

impl RequestIds {
    /// Draws the part that is this process's own.
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        let bytes: [u8; 8] = random(entropy);
        Self {
            process: format!("{:016x}", u64::from_be_bytes(bytes)),
            count: AtomicU64::new(1),
        }
    }

    /// The id the client sent, if it is one that can stand in logs as it is, or a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> RequestId {
        match headers.get(&X_REQUEST_ID) {
            Some(value) if is_plain(value.as_bytes()) => RequestId(value.clone()),
            _ => self.next(),
        }
    }

    fn next(&self) -> RequestId {
        let mut id = String::with_capacity(self.process.len() + 9);
        id.push_str(&self.process);
        let _ = write!(id, "-{:x}", self.count.fetch_add(1, Ordering::Relaxed));
        // Hexadecimal digits and a hyphen are what a header may hold.
        RequestId(HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("unknown")))
    }
}

/// The id of one request. Copies share the text.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The id as it stands in `X-Request-Id`.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_plain(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=128).contains(&id.len()) && id.iter().all(plain)
}

/// The trace id of a `traceparent` header (W3C Trace Context § 3.2): 32 lower-case hexadecimal digits, not all zero.
pub(super) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(&TRACEPARENT)?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, digits: usize| {
        part.len() == digits
            && part
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let nonzero = |part: &str| part.bytes().any(|byte| byte != b'0');
    let known = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    (known
        && hex(trace, 32)
        && nonzero(trace)
        && hex(parent, 16)
        && nonzero(parent)
        && hex(flags, 2))
    .then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn ids_of_clients_are_kept_if_they_can_stand_in_a_log() {
        let ids = RequestIds::new(&Sevens);
        assert_eq!(
            ids.of(&with(X_REQUEST_ID, "web-1.a_B")).as_str(),
            "web-1.a_B"
        );
        assert_eq!(
            ids.of(&with(X_REQUEST_ID, "a b")).as_str(),
            "0707070707070707-1"
        );
        assert_eq!(
            ids.of(&with(X_REQUEST_ID, &"a".repeat(129))).as_str(),
            "0707070707070707-2"
        );
        assert_eq!(ids.of(&HeaderMap::new()).as_str(), "0707070707070707-3");
    }

    #[test]
    fn traces_are_taken_up() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(
            trace_id(&with(
                TRACEPARENT,
                &format!("00-{trace}-00f067aa0ba902b7-01")
            )),
            Some(trace)
        );
        assert_eq!(
            trace_id(&with(
                TRACEPARENT,
                &format!("01-{trace}-00f067aa0ba902b7-01-more")
            )),
            Some(trace)
        );
        for bad in [
            format!("00-{trace}-00f067aa0ba902b7-01-more"),
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            "00-1-2-3".to_owned(),
        ] {
            assert_eq!(trace_id(&with(TRACEPARENT, &bad)), None, "{bad}");
        }
    }
}
