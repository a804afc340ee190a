//! Forged and damaged tokens, by the class of flaw that let one through elsewhere.

use std::collections::HashMap;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ntt_auth_jose::{
    Algorithm, JoseError, MAX_TOKEN_BYTES, Malformation, Segment, SigningKey, verify,
};

use crate::forge::{
    CLAIMS, KEYS, KID, b64, entropy, header, hmac_tag, key, offer, refused, signed, signed_by,
};

const ASYMMETRIC: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

#[test]
fn the_bench_makes_good_tokens() {
    for key in KEYS.iter() {
        let algorithm = key.algorithm();
        let forged = signed(algorithm, &header(algorithm.as_str()), CLAIMS);
        assert_eq!(
            offer(algorithm, &forged).unwrap().payload(),
            CLAIMS.as_bytes()
        );
        let own = key.sign("at+jwt", CLAIMS.as_bytes()).unwrap();
        let verified = offer(algorithm, &own).unwrap();
        assert_eq!(verified.header().kid(), Some(KID));
        assert_eq!(verified.header().typ(), Some("at+jwt"));
    }
}

#[test]
fn e01_public_key_as_hmac_secret() {
    for algorithm in ASYMMETRIC {
        for (form, secret) in public_forms(key(algorithm)) {
            for alg in ["HS256", "hs256", "HS384", "HS512"] {
                let input = format!("{}.{}", b64(header(alg)), b64(CLAIMS));
                let token = format!("{input}.{}", b64(hmac_tag(&secret, &input)));
                let error = offer(algorithm, &token).unwrap_err();
                let expected = if alg == "HS256" {
                    JoseError::AlgorithmMismatch {
                        header: Algorithm::Hs256,
                        key: algorithm,
                    }
                } else {
                    JoseError::UnsupportedAlgorithm
                };
                assert_eq!(error, expected, "{algorithm} as {form}");
            }
            // And under the key's own name the code is no signature.
            let input = format!("{}.{}", b64(header(algorithm.as_str())), b64(CLAIMS));
            let token = format!("{input}.{}", b64(hmac_tag(&secret, &input)));
            refused(algorithm, &token, JoseError::BadSignature);
        }
    }
}

/// The public half in every form that someone has mistaken for a secret.
fn public_forms(key: &SigningKey) -> Vec<(&'static str, Vec<u8>)> {
    let secret = key.to_secret_bytes().unwrap();
    let (spki, raw): (PublicKeyX509Der<'_>, Vec<u8>) = match key.algorithm() {
        Algorithm::Hs256 => panic!("a secret has no public half"),
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(&secret).unwrap();
            (
                pair.public_key().as_der().unwrap(),
                pair.public_key().as_ref().to_vec(),
            )
        }
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &secret).unwrap();
            (
                pair.public_key().as_der().unwrap(),
                pair.public_key().as_ref().to_vec(),
            )
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::from_pkcs8(&secret).unwrap();
            (
                pair.public_key().as_der().unwrap(),
                pair.public_key().as_ref().to_vec(),
            )
        }
    };
    let body = STANDARD.encode(spki.as_ref());
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    );
    let jwk = serde_json::to_vec(&key.verifying_key().to_jwk().unwrap()).unwrap();
    vec![
        ("PEM", pem.clone().into_bytes()),
        (
            "PEM without its last line end",
            pem.trim_end().as_bytes().to_vec(),
        ),
        ("DER", spki.as_ref().to_vec()),
        ("raw", raw.clone()),
        ("raw without its first byte", raw[1..].to_vec()),
        ("JWK", jwk),
        ("empty", Vec::new()),
    ]
}

#[test]
fn e02_the_key_fixes_the_algorithm() {
    for holder in Algorithm::ALL {
        for named in Algorithm::ALL.into_iter().filter(|named| *named != holder) {
            for signer in Algorithm::ALL {
                let token = signed(signer, &header(named.as_str()), CLAIMS);
                refused(
                    holder,
                    &token,
                    JoseError::AlgorithmMismatch {
                        header: named,
                        key: holder,
                    },
                );
            }
        }
        for foreign in [
            "RS384", "RS512", "PS256", "ES384", "ES512", "ES256K", "Ed448", "HS384", "dir",
            "A128KW", "RSA-OAEP", "",
        ] {
            refused(
                holder,
                &signed(holder, &header(foreign), CLAIMS),
                JoseError::UnsupportedAlgorithm,
            );
        }
    }
    let fully_specified = signed(Algorithm::EdDsa, &header("Ed25519"), CLAIMS);
    assert!(
        offer(Algorithm::EdDsa, &fully_specified).is_ok(),
        "RFC 9864's name"
    );
}

#[test]
fn e02_none_in_every_spelling() {
    for none in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "nonE",
        "none ",
        "\\u006eone",
    ] {
        for holder in Algorithm::ALL {
            let input = format!("{}.{}", b64(header(none)), b64(CLAIMS));
            refused(
                holder,
                &format!("{input}."),
                JoseError::UnsupportedAlgorithm,
            );
            refused(
                holder,
                &signed_by(key(holder), &input),
                JoseError::UnsupportedAlgorithm,
            );
            refused(holder, &input, Malformation::Segments);
        }
    }
    for holder in Algorithm::ALL {
        let empty_signature = format!("{}.{}.", b64(header(holder.as_str())), b64(CLAIMS));
        refused(holder, &empty_signature, JoseError::BadSignature);
    }
}

#[test]
fn e02_alg_must_be_there_and_be_text() {
    for header in [
        r"{}",
        r#"{"alg":null}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":{"ES256":1}}"#,
        r#"{"alg":1}"#,
        r#"{"ALG":"ES256"}"#,
    ] {
        refused(
            Algorithm::Es256,
            &signed(Algorithm::Es256, header, CLAIMS),
            Malformation::HeaderParameter("alg"),
        );
    }
    for (parameter, header) in [
        ("kid", r#"{"alg":"ES256","kid":7}"#),
        ("typ", r#"{"alg":"ES256","typ":null}"#),
    ] {
        refused(
            Algorithm::Es256,
            &signed(Algorithm::Es256, header, CLAIMS),
            Malformation::HeaderParameter(parameter),
        );
    }
}

#[test]
fn e02_encrypted_and_nested_tokens() {
    let inner = signed(Algorithm::Hs256, &header("none"), CLAIMS);
    for outer in [
        r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#,
        r#"{"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"}"#,
    ] {
        let five = format!(
            "{}.{}.{}.{}.{}",
            b64(outer),
            b64("key"),
            b64("iv"),
            b64(&inner),
            b64("tag")
        );
        refused(Algorithm::Rs256, &five, Malformation::Segments);
    }
    let enc = signed(
        Algorithm::Es256,
        r#"{"alg":"ES256","enc":"A256GCM"}"#,
        CLAIMS,
    );
    refused(Algorithm::Es256, &enc, JoseError::ForbiddenHeader("enc"));
    let nested = signed(Algorithm::Es256, r#"{"alg":"ES256","cty":"JWT"}"#, &inner);
    let verified = offer(Algorithm::Es256, &nested).unwrap();
    assert_eq!(
        verified.claims::<serde_json::Value>().err(),
        Some(Malformation::Json(Segment::Payload).into())
    );
}

#[test]
fn e03_keys_brought_along_are_refused_or_ignored() {
    let attacker = SigningKey::generate(Algorithm::Es256, KID, &mut entropy(99)).unwrap();
    let jwk = serde_json::to_string(&attacker.verifying_key().to_jwk().unwrap()).unwrap();
    for jwk in [
        jwk.as_str(),
        "null",
        "{}",
        "\"\"",
        r#"{"kty":"oct","k":"AA"}"#,
    ] {
        let input = format!(
            "{}.{}",
            b64(format!(r#"{{"alg":"ES256","jwk":{jwk}}}"#)),
            b64(CLAIMS)
        );
        refused(
            Algorithm::Es256,
            &signed_by(&attacker, &input),
            JoseError::ForbiddenHeader("jwk"),
        );
        refused(
            Algorithm::Es256,
            &signed_by(key(Algorithm::Es256), &input),
            JoseError::ForbiddenHeader("jwk"),
        );
    }
    for pointer in [
        r#""jku":"https://attacker.example/jwks.json""#,
        r#""x5u":"https://attacker.example/cert.pem""#,
        r#""x5c":["MIIB"]"#,
        r#""x5t":"AA","x5t#S256":"AA""#,
    ] {
        let input = format!(
            "{}.{}",
            b64(format!(r#"{{"alg":"ES256",{pointer}}}"#)),
            b64(CLAIMS)
        );
        refused(
            Algorithm::Es256,
            &signed_by(&attacker, &input),
            JoseError::BadSignature,
        );
        assert!(
            offer(Algorithm::Es256, &signed_by(key(Algorithm::Es256), &input)).is_ok(),
            "{pointer}"
        );
    }
}

#[test]
fn e03_kid_is_only_ever_compared() {
    let ring = HashMap::from([(KID, key(Algorithm::Es256).verifying_key())]);
    let find = |token: &str| verify(token, None, |header| ring.get(header.kid()?).copied());
    for kid in [
        "",
        "K1",
        "k1 ",
        " k1",
        "k1\\u0000",
        "\\u0000",
        "k1/../k1",
        "../../../../dev/null",
        "/proc/self/environ",
        "k1' OR '1'='1",
        "k1' UNION SELECT 'secret' -- ",
        "k1;id",
        "$(id)",
        "http://attacker.example/k1",
        "k\\u0031\\n",
    ] {
        let token = signed(
            Algorithm::Es256,
            &format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#),
            CLAIMS,
        );
        assert_eq!(find(&token).err(), Some(JoseError::UnknownKey), "{kid}");
    }
    let without = signed(Algorithm::Es256, r#"{"alg":"ES256"}"#, CLAIMS);
    assert_eq!(find(&without).err(), Some(JoseError::UnknownKey));
    assert!(find(&signed(Algorithm::Es256, &header("ES256"), CLAIMS)).is_ok());
}

#[test]
fn e04_crit_and_b64_are_refused_whatever_they_say() {
    for (parameter, value) in [
        ("crit", r#"["exp"]"#),
        ("crit", r#"["b64"]"#),
        ("crit", "[]"),
        ("crit", "null"),
        ("crit", r#""alg""#),
        ("b64", "false"),
        ("b64", "true"),
        ("b64", "null"),
    ] {
        let header = format!(r#"{{"alg":"ES256","exp":1,"{parameter}":{value}}}"#);
        let token = signed(Algorithm::Es256, &header, CLAIMS);
        refused(
            Algorithm::Es256,
            &token,
            JoseError::ForbiddenHeader(parameter),
        );
    }
    // RFC 7797: the payload as it is, not encoded.
    let unencoded = signed_by(
        key(Algorithm::Es256),
        &format!(
            "{}.{CLAIMS}",
            b64(r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#)
        ),
    );
    refused(
        Algorithm::Es256,
        &unencoded,
        JoseError::ForbiddenHeader("crit"),
    );
}

#[test]
fn e06_zip_and_size() {
    let zipped = signed(Algorithm::Es256, r#"{"alg":"ES256","zip":"DEF"}"#, CLAIMS);
    refused(Algorithm::Es256, &zipped, JoseError::ForbiddenHeader("zip"));
    let overhead = signed(Algorithm::Hs256, &header("HS256"), "").len();
    let fits = "a".repeat((MAX_TOKEN_BYTES - overhead) / 4 * 3);
    let token = signed(Algorithm::Hs256, &header("HS256"), &fits);
    assert!(token.len() <= MAX_TOKEN_BYTES);
    assert!(offer(Algorithm::Hs256, &token).is_ok());
    let token = signed(Algorithm::Hs256, &header("HS256"), format!("{fits}aaa"));
    refused(Algorithm::Hs256, &token, Malformation::TooLong);
    refused(
        Algorithm::Hs256,
        &"a".repeat(1 << 20),
        Malformation::TooLong,
    );
}

#[test]
fn e29_every_prefix_and_every_bit_flip() {
    for algorithm in Algorithm::ALL {
        let token = key(algorithm).sign("at+jwt", CLAIMS.as_bytes()).unwrap();
        for end in 0..token.len() {
            assert!(
                offer(algorithm, &token[..end]).is_err(),
                "{algorithm}: first {end} bytes"
            );
            assert!(
                offer(algorithm, &token[end + 1..]).is_err(),
                "{algorithm}: after byte {end}"
            );
        }
        for at in 0..token.len() {
            for bit in 0..8 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                if let Ok(flipped) = String::from_utf8(bytes) {
                    assert!(
                        offer(algorithm, &flipped).is_err(),
                        "{algorithm}: byte {at}, bit {bit}"
                    );
                }
            }
        }
        for extra in ["A", ".", " ", "\n", "\0", "=", "AAAA"] {
            assert!(
                offer(algorithm, &format!("{token}{extra}")).is_err(),
                "{algorithm}: {extra:?} after"
            );
            assert!(
                offer(algorithm, &format!("{extra}{token}")).is_err(),
                "{algorithm}: {extra:?} before"
            );
        }
    }
}

#[test]
fn a_token_of_one_kind_is_not_taken_for_another() {
    let take = |token: &str, typ| {
        verify(token, Some(typ), |_| {
            Some(key(Algorithm::Es256).verifying_key())
        })
        .map(|_| ())
    };
    let of = |typ: &str| key(Algorithm::Es256).sign(typ, CLAIMS.as_bytes()).unwrap();
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/AT+jwt",
    ] {
        assert_eq!(take(&of(typ), "at+jwt"), Ok(()), "{typ}");
    }
    for typ in [
        "JWT",
        "",
        "logout+jwt",
        "at+jwt+x",
        "xat+jwt",
        "at",
        "text/at+jwt",
    ] {
        assert_eq!(take(&of(typ), "at+jwt"), Err(JoseError::WrongType), "{typ}");
    }
    let without = signed(Algorithm::Es256, &header("ES256"), CLAIMS);
    assert_eq!(take(&without, "at+jwt"), Err(JoseError::WrongType));
}

#[test]
fn a_wrong_typ_does_not_even_ask_for_a_key() {
    let token = key(Algorithm::Es256)
        .sign("JWT", CLAIMS.as_bytes())
        .unwrap();
    let error = verify(&token, Some("at+jwt"), |_| {
        panic!("no key is needed to refuse this")
    })
    .unwrap_err();
    assert_eq!(error, JoseError::WrongType);
}

#[test]
fn signatures_of_another_length_or_form() {
    for algorithm in Algorithm::ALL {
        let input = format!("{}.{}", b64(header(algorithm.as_str())), b64(CLAIMS));
        for length in [0, 1, 31, 32, 33, 63, 64, 65, 72, 255, 256, 257, 512] {
            for fill in [0x00, 0x01, 0xff] {
                refused(
                    algorithm,
                    &format!("{input}.{}", b64(vec![fill; length])),
                    JoseError::BadSignature,
                );
            }
        }
    }
    let other = SigningKey::generate(Algorithm::EdDsa, KID, &mut entropy(98)).unwrap();
    let token = other.sign("at+jwt", CLAIMS.as_bytes()).unwrap();
    refused(Algorithm::EdDsa, &token, JoseError::BadSignature);
}
