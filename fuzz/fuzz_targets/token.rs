//! The token parser. Nothing that a stranger writes may panic or pass; and what is validly signed is either refused or
//! read as another JSON reader would read it.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use ntt_auth_jose::{Algorithm, ClaimCheck, MAX_NUMERIC_DATE, SigningKey, Verified, verify};
use serde_json::Value;

const SECRET: [u8; 32] = [0x5a; 32];
const CHECK: ClaimCheck<'_> = ClaimCheck {
    issuer: "i",
    audience: "a",
    now: 1_000,
    leeway: 5,
};

static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    let of = |algorithm| {
        SigningKey::generate(algorithm, "k", &mut |bytes| bytes.copy_from_slice(&SECRET)).ok()
    };
    Algorithm::ALL.into_iter().filter_map(of).collect()
});

fuzz_target!(|text: &str| {
    as_it_came(text);
    as_a_signing_input(text);
    as_header_and_payload(text);
});

/// The text is the token.
fn as_it_came(text: &str) {
    assert_eq!(KEYS.len(), Algorithm::ALL.len());
    for key in KEYS.iter() {
        assert!(
            verify(text, None, |_| Some(key.verifying_key())).is_err(),
            "a forgery passed"
        );
    }
}

/// The text is what is signed, whatever it is.
fn as_a_signing_input(text: &str) {
    let Some(verified) = signed(text) else { return };
    let payload = text.split_once('.').map(|(_, payload)| payload);
    assert_eq!(
        payload,
        Some(URL_SAFE_NO_PAD.encode(verified.payload()).as_str()),
        "two texts, one payload"
    );
    assert_header(
        &verified,
        text.split('.')
            .next()
            .and_then(|header| URL_SAFE_NO_PAD.decode(header).ok()),
    );
    assert_claims(&verified);
}

/// The text is a header and, from the second line on, a payload, neither of them encoded yet.
fn as_header_and_payload(text: &str) {
    let (header, payload) = text
        .split_once('\n')
        .unwrap_or((r#"{"alg":"HS256"}"#, text));
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let Some(verified) = signed(&input) else {
        return;
    };
    assert_eq!(verified.payload(), payload.as_bytes());
    assert_header(&verified, Some(header.as_bytes().to_vec()));
    assert_claims(&verified);
}

/// What comes of this signing input under a valid signature.
fn signed(input: &str) -> Option<Verified> {
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, &SECRET),
        input.as_bytes(),
    );
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag));
    let key = KEYS
        .iter()
        .find(|key| key.algorithm() == Algorithm::Hs256)?;
    verify(&token, None, |_| Some(key.verifying_key())).ok()
}

fn assert_header(verified: &Verified, json: Option<Vec<u8>>) {
    let header: Value = serde_json::from_slice(&json.expect("base64url")).expect("JSON");
    assert_eq!(header["alg"], "HS256");
    assert_eq!(
        header.get("kid").map(|kid| kid.as_str().expect("text")),
        verified.header().kid()
    );
    assert_eq!(
        header.get("typ").map(|typ| typ.as_str().expect("text")),
        verified.header().typ()
    );
    for refused in ["crit", "b64", "zip", "enc", "jwk"] {
        assert!(header.get(refused).is_none(), "{refused} passed");
    }
}

fn assert_claims(verified: &Verified) {
    let claims = verified.claims::<Value>();
    let Ok(checked) = verified.check(&CHECK) else {
        return;
    };
    let claims = claims.expect("what was checked can be read");
    assert_eq!(claims["iss"], "i");
    assert!(
        claims["aud"] == "a"
            || claims["aud"]
                .as_array()
                .is_some_and(|list| list.iter().any(|one| one == "a"))
    );
    assert_eq!(claims["exp"].as_u64(), Some(checked.exp));
    assert!(checked.exp <= MAX_NUMERIC_DATE && checked.exp + CHECK.leeway > CHECK.now);
    for (name, time) in [("nbf", checked.nbf), ("iat", checked.iat)] {
        assert_eq!(
            claims.get(name).map(|value| value.as_u64().expect("whole")),
            time
        );
        assert!(time.is_none_or(|time| time <= CHECK.now + CHECK.leeway));
    }
    for (name, text) in [("sub", &checked.sub), ("jti", &checked.jti)] {
        assert_eq!(
            claims.get(name).map(|value| value.as_str().expect("text")),
            text.as_deref()
        );
    }
}
