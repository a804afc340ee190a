//! Where traces go, and which requests are traced (`[tracing]`).

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::Url;

use super::mail::is_loopback;
use super::reader::{Reader, Refused};
use super::transport::network;

/// Where a collector takes traces (OTLP/HTTP).
const PATH: &str = "v1/traces";

/// Where traces go, and which requests are traced.
#[derive(Debug, Clone)]
pub struct Tracing {
    /// Who takes them; none means that nothing is traced.
    pub collector: Option<Collector>,
    /// How many of the requests are traced.
    pub sample: Share,
    /// The same for what is asked thousands of times a second.
    pub sample_quiet: Share,
    /// Whose word is taken on whether a request belongs to a trace that is recorded.
    pub callers: Vec<IpNet>,
    /// What this service is called in traces.
    pub service_name: String,
    /// How long the collector may take.
    pub timeout: Duration,
}

/// Who takes traces.
#[derive(Debug, Clone)]
pub struct Collector {
    /// The whole address.
    pub endpoint: Url,
    /// What it is sent besides. The values print a fixed mark.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Collector {
    /// Whether what is sent to it could be read on the way.
    pub(super) fn is_readable_on_the_way(&self) -> bool {
        self.endpoint.scheme() == "http" && !self.endpoint.host_str().is_some_and(is_loopback)
    }
}

/// A share of all: 0 is none, 1 is every one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Self(share)),
            Ok(_) => Err("it is out of range"),
            Err(_) => Err("it is no number"),
        }
    }

    /// Below this, of all numbers of 64 bits, lie so many.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float beyond the integers becomes the largest, and none is negative"
    )]
    pub fn threshold(self) -> u64 {
        (self.0 * 2.0_f64.powi(64)) as u64
    }
}

impl Tracing {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let endpoint = reader.optional(
            "tracing.endpoint",
            "write the address of a collector that takes OTLP over HTTP, like http://127.0.0.1:4318",
            endpoint,
        );
        let headers = match reader.secret("tracing.headers", "tracing.headers_file") {
            Ok(None) => Ok(Vec::new()),
            // The text is not repeated: there are secrets in it.
            Ok(Some(text)) => headers(&text).map_err(|what| {
                reader.refuse(
                    "tracing.headers",
                    what,
                    "write name=value, with commas between several and %2C for a comma in a value",
                )
            }),
            Err(refused) => Err(refused),
        };
        let share = "choose \"0\" for none to \"1\" for all, like \"0.05\"";
        let sample = reader.required("tracing.sample", share, Share::parse);
        let sample_quiet = reader.required("tracing.sample_quiet", share, Share::parse);
        let callers = reader.list(
            "tracing.callers",
            "write a network like 10.0.0.0/8 or an address like 192.0.2.1",
            network,
        );
        let service_name = reader.required(
            "tracing.service_name",
            "choose a name, like ntt-auth",
            |name| Ok::<_, String>(name.to_owned()),
        );
        let timeout = reader.duration(
            "tracing.timeout",
            Duration::from_millis(100),
            Duration::from_mins(1),
        );
        let endpoint = endpoint?;
        if endpoint.is_some() && !cfg!(feature = "otel") {
            return Err(reader.refuse(
                "tracing.endpoint",
                "this build of ntt-auth has no traces",
                "use a build with them: `cargo build --release --features otel`",
            ));
        }
        let headers = headers?;
        Ok(Self {
            collector: endpoint.map(|endpoint| Collector { endpoint, headers }),
            sample: sample?,
            sample_quiet: sample_quiet?,
            callers: callers?,
            service_name: service_name?,
            timeout: timeout?,
        })
    }
}

/// The address to which traces are sent, for that of the collector.
fn endpoint(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("begins with neither https:// nor http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a password belongs into tracing.headers".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("nothing may follow its path".to_owned());
    }
    let path = url.path().trim_end_matches('/');
    if !path.ends_with(PATH) {
        let path = format!("{path}/{PATH}");
        url.set_path(&path);
    }
    Ok(url)
}

/// Headers as they are written in `OTEL_EXPORTER_OTLP_HEADERS`.
fn headers(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, &'static str> {
    let pairs = text.split(',').map(str::trim);
    pairs
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or("a name without a value")?;
            let name = name
                .trim()
                .parse()
                .map_err(|_| "a name that no header has")?;
            let value = percent_decode_str(value.trim())
                .decode_utf8()
                .map_err(|_| "a value that is not UTF-8")?;
            let mut value =
                HeaderValue::from_str(&value).map_err(|_| "a value that no header has")?;
            value.set_sensitive(true);
            Ok((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_traces_is_added_to_the_address_of_a_collector() {
        for (given, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            ("https://c.example/otlp", "https://c.example/otlp/v1/traces"),
            ("https://c.example/v1/traces", "https://c.example/v1/traces"),
        ] {
            assert_eq!(endpoint(given).unwrap().as_str(), expected);
        }
        for bad in ["127.0.0.1:4318", "grpc://c", "http://u:p@c", "http://c?k=v"] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_are_read_and_print_without_their_values() {
        let read = headers("authorization=Bearer%20hunter2, x-key=a=b").unwrap();
        let values: Vec<_> = read.iter().map(|(_, value)| value.as_bytes()).collect();
        assert_eq!(values, [&b"Bearer hunter2"[..], b"a=b"]);
        assert!(!format!("{read:?}").contains("hunter2"));
        for bad in ["hunter2", "a b=hunter2", "a=%ff%fe", "a=hunter2%0a"] {
            assert!(!headers(bad).unwrap_err().contains("hunter2"), "{bad}");
        }
    }

    #[cfg(feature = "otel")]
    #[test]
    fn v12_3_1_production_refuses_to_send_a_secret_to_a_collector_in_plain() {
        let refused = |endpoint: &str, headers: &str| {
            let pairs = [
                ("NTT_AUTH__PROFILE", "production"),
                ("NTT_AUTH__TRACING__ENDPOINT", endpoint),
                ("NTT_AUTH__TRACING__HEADERS", headers),
            ];
            let inputs = crate::settings::Inputs {
                environment: pairs.map(|(name, text)| (name.into(), text.into())).into(),
                ..Default::default()
            };
            let problems = crate::settings::load(&inputs).unwrap_err();
            assert!(!problems.to_string().contains("hunter2"));
            let key = |problem: &crate::settings::Problem| problem.key.clone();
            problems
                .0
                .iter()
                .filter_map(key)
                .any(|key| key == "tracing.endpoint")
        };
        assert!(refused("http://c.example:4318", "authorization=hunter2"));
        assert!(!refused("https://c.example", "authorization=hunter2"));
        assert!(!refused("http://127.0.0.1:4318", "authorization=hunter2"));
        assert!(!refused("http://c.example:4318", ""));
    }

    #[test]
    fn a_share_becomes_a_part_of_all_numbers() {
        assert_eq!(Share::parse("0").unwrap().threshold(), 0);
        assert_eq!(Share::parse("1").unwrap().threshold(), u64::MAX);
        assert_eq!(Share::parse("0.25").unwrap().threshold(), 1 << 62);
        for bad in ["-0.1", "1.1", "NaN", "some", ""] {
            assert!(Share::parse(bad).is_err(), "{bad}");
        }
    }
}
