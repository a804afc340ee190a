//! Project Wycheproof's JWS and JWK vectors (C2SP/wycheproof, `testvectors_v1/json_web_*_test.json`), from the folder
//! that `NTT_TEST_VECTORS` names. They are not part of this repository; `forgeries` holds the same classes of case.

use std::collections::HashMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ntt_auth_jose::{Algorithm, Jwks, SigningKey, VerifyingKey, verify};
use serde::Deserialize;
use serde_json::Value;

/// JWS vectors that Wycheproof calls valid and we refuse: first and last number, and why.
const REFUSED_THOUGH_VALID: [(u32, u32, &str); 10] = [
    (264, 267, "RS384 is not supported: one hash is enough"),
    (268, 271, "RS512 is not supported: one hash is enough"),
    (
        272,
        275,
        "PS256 is not supported: who can choose takes ES256 or EdDSA",
    ),
    (287, 288, "PS256 is not supported, whatever its salt"),
    (320, 323, "PS384 is not supported"),
    (325, 328, "PS512 is not supported"),
    (
        346,
        347,
        "PS384, under a key that says PS256, and ES512, under a key that says ES521, are not supported",
    ),
    (
        350,
        351,
        "PS384, under a key that says PS256, and ES512, under a key that says ES521, are not supported",
    ),
    (
        372,
        372,
        "a question mark within the header is not base64url (RFC 7515 § 5.2, step 2)",
    ),
    (
        373,
        373,
        "a question mark within the payload is not what was signed",
    ),
];

/// JWS vectors that Wycheproof calls invalid though they are, byte for byte, its valid vector 357: it means to say that
/// the text has wrong padding, but the text has none.
const ACCEPTED_THOUGH_INVALID: [u32; 2] = [367, 370];

/// JWK vectors that Wycheproof calls invalid and we accept, and why.
const KEY_ACCEPTED_THOUGH_INVALID: [(u32, &str); 1] = [(
    7,
    "a key made by a flawed chip (ROCA): the flaw is its maker's, and keys of others reach us only by their owner's hand",
)];

#[derive(Deserialize)]
struct Vectors {
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    public: Option<Value>,
    private: Value,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "tcId")]
    id: u32,
    comment: String,
    jws: String,
    result: String,
}

/// The vectors of this file, or none, and a word about it, where there is no folder of vectors.
fn vectors(file: &str) -> Option<Vectors> {
    let Some(folder) = std::env::var_os("NTT_TEST_VECTORS") else {
        eprintln!("SKIPPED: NTT_TEST_VECTORS is not set, so {file} was not read");
        return None;
    };
    let bytes = std::fs::read(PathBuf::from(folder).join(file)).unwrap();
    Some(serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn wycheproof_json_web_signatures() {
    let Some(vectors) = vectors("json_web_signature_test.json") else {
        return;
    };
    let texts: HashMap<u32, &str> = vectors
        .groups
        .iter()
        .flat_map(|group| &group.tests)
        .map(|vector| (vector.id, vector.jws.as_str()))
        .collect();
    let mut refused_though_valid = 0;
    let mut wrong = Vec::new();
    for group in &vectors.groups {
        let key = key_of(group);
        for vector in &group.tests {
            // Whatever the kid: so it is the signature that decides.
            let accepted = verify(&vector.jws, None, |_| key.as_ref()).map(|_| ());
            let valid = vector.result == "valid";
            let refusal = REFUSED_THOUGH_VALID
                .iter()
                .find(|(first, last, _)| (*first..=*last).contains(&vector.id));
            let expected = if ACCEPTED_THOUGH_INVALID.contains(&vector.id) {
                assert_eq!((valid, texts[&vector.id]), (false, texts[&357]));
                true
            } else {
                refused_though_valid += usize::from(valid && refusal.is_some());
                valid && refusal.is_none()
            };
            if accepted.is_ok() != expected {
                wrong.push(format!(
                    "{} ({}, {}): {accepted:?}",
                    vector.id, vector.comment, vector.result
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let listed: u32 = REFUSED_THOUGH_VALID
        .iter()
        .map(|(first, last, _)| last - first + 1)
        .sum();
    assert_eq!(
        (texts.len(), refused_though_valid),
        (401, usize::try_from(listed).unwrap())
    );
}

/// The group's key, if it is one that we take.
fn key_of(group: &Group) -> Option<VerifyingKey> {
    let Some(public) = &group.public else {
        let secret = URL_SAFE_NO_PAD
            .decode(group.private["k"].as_str()?)
            .unwrap();
        let key = SigningKey::from_secret_bytes(Algorithm::Hs256, "k", &secret).ok()?;
        return Some(key.verifying_key().clone());
    };
    VerifyingKey::from_jwk(&serde_json::from_value(public.clone()).unwrap()).ok()
}

#[test]
fn wycheproof_json_web_keys() {
    let Some(vectors) = vectors("json_web_key_test.json") else {
        return;
    };
    let mut seen = 0;
    for group in &vectors.groups {
        seen += group.tests.len();
        // Private and symmetric sets, mixed ones included, cannot be read as sets of public keys at all.
        assert!(serde_json::from_value::<Jwks>(group.private.clone()).is_err());
        let Some(public) = &group.public else {
            continue;
        };
        let set: Jwks = serde_json::from_value(public.clone()).unwrap();
        let keys: Vec<VerifyingKey> = set
            .keys
            .iter()
            .filter_map(|jwk| VerifyingKey::from_jwk(jwk).ok())
            .collect();
        for vector in &group.tests {
            let accepted = verify(&vector.jws, None, |header| {
                keys.iter().find(|key| key.kid() == header.kid())
            });
            let known = KEY_ACCEPTED_THOUGH_INVALID
                .iter()
                .any(|(id, _)| *id == vector.id);
            assert_eq!(
                accepted.is_ok(),
                vector.result == "valid" || known,
                "{} ({})",
                vector.id,
                vector.comment
            );
        }
    }
    assert_eq!(seen, 26);
}
