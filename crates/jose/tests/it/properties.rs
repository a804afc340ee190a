//! What holds for every input.

use ntt_auth_jose::{Algorithm, ClaimCheck, JoseError, SigningKey, verify};
use proptest::prelude::*;

use crate::forge::{KEYS, b64, entropy, key, signed};

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(Algorithm::ALL.to_vec())
}

/// JSON of any shape, to a small depth.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// One of the names that mean something to this crate, with any value.
fn registered_member() -> impl Strategy<Value = (String, serde_json::Value)> {
    let names = [
        "alg", "kid", "typ", "crit", "jwk", "iss", "sub", "aud", "exp", "nbf", "iat", "jti",
    ];
    (
        prop::sample::select(names.to_vec()).prop_map(str::to_owned),
        json(),
    )
}

proptest! {
    #[test]
    fn what_was_signed_is_what_is_read(algorithm in algorithm(), typ in ".{0,40}", payload: Vec<u8>) {
        let token = key(algorithm).sign(&typ, &payload).unwrap();
        let verified = verify(&token, Some(&typ), |_| Some(key(algorithm).verifying_key())).unwrap();
        prop_assert_eq!(verified.payload(), &payload);
        prop_assert_eq!(verified.header().typ(), Some(typ.as_str()));
        prop_assert_eq!(verified.header().algorithm(), algorithm);
    }

    #[test]
    fn any_text_may_be_a_kid(kid: String) {
        let key = SigningKey::generate(Algorithm::Hs256, &kid, &mut entropy(1)).unwrap();
        let token = key.sign("t", b"").unwrap();
        let verified = verify(&token, None, |header| (header.kid() == Some(&kid)).then_some(key.verifying_key()));
        prop_assert!(verified.is_ok());
    }

    #[test]
    fn claims_survive_the_round_trip(algorithm in algorithm(), sub: String, jti: String) {
        let claims = serde_json::json!({ "iss": "i", "aud": ["a"], "exp": 9, "sub": sub, "jti": jti });
        let token = key(algorithm).sign_claims("t", &claims).unwrap();
        let verified = verify(&token, Some("t"), |_| Some(key(algorithm).verifying_key())).unwrap();
        prop_assert_eq!(verified.claims::<serde_json::Value>().unwrap(), claims);
        let checked = verified.check(&ClaimCheck { issuer: "i", audience: "a", now: 8, leeway: 0 }).unwrap();
        prop_assert_eq!(checked.sub.as_deref(), Some(sub.as_str()));
        prop_assert_eq!(checked.jti.as_deref(), Some(jti.as_str()));
    }

    #[test]
    fn no_text_passes_and_none_panics(text in r"\PC{0,200}|[A-Za-z0-9_.=-]{0,200}|([A-Za-z0-9_-]{0,60}\.){0,4}") {
        for key in KEYS.iter() {
            prop_assert!(verify(&text, None, |_| Some(key.verifying_key())).is_err());
        }
    }

    #[test]
    fn no_bytes_in_three_segments_pass(header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>) {
        let token = format!("{}.{}.{}", b64(header), b64(payload), b64(signature));
        for key in KEYS.iter() {
            prop_assert!(verify(&token, None, |_| Some(key.verifying_key())).is_err());
        }
    }

    #[test]
    fn no_signature_is_guessed(algorithm in algorithm(), signature: Vec<u8>) {
        let header = format!(r#"{{"alg":"{algorithm}"}}"#);
        let token = format!("{}.{}.{}", b64(header), b64("{}"), b64(signature));
        let refused = verify(&token, None, |_| Some(key(algorithm).verifying_key())).map(|_| ());
        prop_assert_eq!(refused, Err(JoseError::BadSignature));
    }

    #[test]
    fn any_header_under_a_good_signature_is_read_or_refused(
        members in prop::collection::vec(registered_member(), 0..5), other in json(),
    ) {
        let mut header = serde_json::json!({ "alg": "HS256", "other": other });
        header.as_object_mut().unwrap().extend(members);
        let token = signed(Algorithm::Hs256, &header.to_string(), "{}");
        let read = verify(&token, None, |_| Some(key(Algorithm::Hs256).verifying_key()));
        let plain = header["alg"] == "HS256"
            && ["crit", "jwk"].iter().all(|name| header.get(*name).is_none())
            && ["kid", "typ"].iter().all(|name| header.get(*name).is_none_or(serde_json::Value::is_string));
        prop_assert_eq!(read.is_ok(), plain);
    }

    #[test]
    fn any_claims_under_a_good_signature_are_read_or_refused(
        members in prop::collection::vec(registered_member(), 0..6), now: u64, leeway: u64,
    ) {
        let mut claims = serde_json::json!({ "iss": "i", "aud": "a", "exp": 9 });
        claims.as_object_mut().unwrap().extend(members);
        let token = signed(Algorithm::Hs256, r#"{"alg":"HS256"}"#, claims.to_string());
        let verified = verify(&token, None, |_| Some(key(Algorithm::Hs256).verifying_key())).unwrap();
        if let Ok(checked) = verified.check(&ClaimCheck { issuer: "i", audience: "a", now, leeway }) {
            prop_assert!(checked.exp.saturating_add(leeway) > now);
            prop_assert_eq!(claims["iss"].as_str(), Some("i"));
            prop_assert_eq!(claims["exp"].as_u64(), Some(checked.exp));
        }
    }
}
