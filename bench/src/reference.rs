//! What ntt-auth is measured against besides the bare server: one password hash and one signature check, alone.

use std::hint::black_box;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::latency::median;
use crate::load::as_f64;

/// A P-256 public key as a JWK has it (RFC 7518 § 6.2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EcPublicKey {
    /// The key's id.
    #[serde(default)]
    pub(crate) kid: String,
    /// The curve's name.
    #[serde(default)]
    pub(crate) crv: String,
    /// The x coordinate, base64url.
    #[serde(default)]
    pub(crate) x: String,
    /// The y coordinate, base64url.
    #[serde(default)]
    pub(crate) y: String,
}

impl EcPublicKey {
    /// The key, ready to check signatures.
    pub(crate) fn parse(&self) -> Result<ParsedPublicKey> {
        let refused = || Failure::Unmet(format!("key {} is no P-256 key", self.kid));
        let mut point = vec![4];
        for coordinate in [&self.x, &self.y] {
            point.extend(URL_SAFE_NO_PAD.decode(coordinate).map_err(|_| refused())?);
        }
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| refused())
    }
}

/// A compact JWS, split into what is signed and its signature.
pub(crate) struct Signed<'a> {
    message: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Signed<'a> {
    /// Splits a token at its last dot.
    pub(crate) fn split(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        Some(Self {
            message: message.as_bytes(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// Whether the signature is right.
    pub(crate) fn verify(&self, key: &ParsedPublicKey) -> bool {
        key.verify_sig(self.message, &self.signature).is_ok()
    }
}

/// Bare ES256 checks a second, on that many threads for that long, with no HTTP and no load beside them.
pub(crate) fn verifications_per_second(
    key: &EcPublicKey,
    tokens: &[String],
    threads: usize,
    length: Duration,
) -> Result<f64> {
    let key = key.parse()?;
    let signed: Vec<Signed<'_>> = tokens
        .iter()
        .filter_map(|token| Signed::split(token))
        .collect();
    if signed.is_empty() || !signed.iter().take(10).all(|token| token.verify(&key)) {
        return Err(Failure::Unmet(
            "the tokens are not signed by the published key".to_owned(),
        ));
    }
    let start = Instant::now();
    let check = || {
        let mut checked = 0;
        for token in signed.iter().cycle() {
            black_box(token.verify(&key));
            checked += 1;
            if start.elapsed() >= length {
                break;
            }
        }
        as_f64(checked) / start.elapsed().as_secs_f64()
    };
    let rates = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(check)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_default())
            .collect::<Vec<f64>>()
    });
    Ok(rates.iter().sum())
}

/// One bcrypt hash by the system's C library, and by what program it was reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainHash {
    /// The median time of one hash.
    pub(crate) time: Duration,
    /// The program that called the C library.
    pub(crate) by: &'static str,
}

/// Each program calls the C library's `crypt` and prints the seconds of each hash, one a line.
const PROGRAMS: [(&str, &str, &str); 2] = [
    (
        "python3",
        "-c",
        "import sys,time,warnings
warnings.simplefilter('ignore')
import crypt
for _ in range(int(sys.argv[2])):
    t=time.perf_counter()
    h=crypt.crypt('Quiet-harbour 0',sys.argv[1])
    print(time.perf_counter()-t)
    assert h and h.startswith(sys.argv[1])",
    ),
    (
        "perl",
        "-e",
        "use Time::HiRes 'time'; for (1..$ARGV[1]) { my $t=time; my $h=crypt('Quiet-harbour 0',$ARGV[0]);
print time-$t,\"\\n\"; die unless index($h,$ARGV[0])==0 }",
    ),
];

/// Times `count` bcrypt hashes of that cost by libxcrypt, one after another, alone.
pub(crate) fn libxcrypt_hash(cost: u32, count: usize) -> Result<PlainHash> {
    let setting = format!("$2b${cost:02}$abcdefghijklmnopqrstuu");
    for (program, flag, source) in PROGRAMS {
        let ran = Command::new(program)
            .args([flag, source, &setting, &count.to_string()])
            .output();
        let Ok(output) = ran else { continue };
        let seconds: Vec<f64> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| line.parse().ok())
            .collect();
        if output.status.success() && seconds.len() == count {
            return Ok(PlainHash {
                time: Duration::from_secs_f64(median(seconds)),
                by: program,
            });
        }
    }
    Err(Failure::Unmet(
        "neither python3 (before 3.13) nor perl could hash with the C library's bcrypt: install python3 or perl".to_owned(),
    ))
}

/// Times one bcrypt hash of that cost by the Rust crate, alone: the median of `count`.
pub(crate) fn crate_hash(cost: u32, count: usize) -> Result<Duration> {
    let mut seconds = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        bcrypt::hash_with_salt("Quiet-harbour 0", cost, [7; 16])
            .map_err(|error| Failure::Unmet(format!("the bcrypt crate refused: {error}")))?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok(Duration::from_secs_f64(median(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_hashes() {
        let hash = libxcrypt_hash(4, 3).unwrap();
        assert!(hash.time > Duration::ZERO);
    }

    #[test]
    fn a_token_that_the_key_did_not_sign_is_refused() {
        let generator = {
            // The base point of P-256 is a valid public key (SEC 2 § 2.4.2).
            let x = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
            let y = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
            EcPublicKey {
                kid: "base".into(),
                crv: "P-256".into(),
                x: x.into(),
                y: y.into(),
            }
        };
        let token = format!("e30.e30.{}", "A".repeat(86));
        assert!(
            !Signed::split(&token)
                .unwrap()
                .verify(&generator.parse().unwrap())
        );
        let rate = verifications_per_second(&generator, &[token], 1, Duration::ZERO);
        assert!(rate.is_err());
    }
}
