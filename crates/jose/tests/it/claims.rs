//! The registered claims: what is absent, wrong, early, late, or for somebody else.

use ntt_auth_jose::{
    Algorithm, ClaimCheck, JoseError, MAX_NUMERIC_DATE, Malformation, Segment, verify,
};
use serde_json::{Value, json};

use crate::forge::{key, signed};

const CHECK: ClaimCheck<'_> = ClaimCheck {
    issuer: "https://id.example",
    audience: "api",
    now: 1_000_000,
    leeway: 10,
};

/// What the check says of this payload, validly signed.
fn check(payload: &str) -> Result<(), JoseError> {
    let token = signed(Algorithm::Hs256, r#"{"alg":"HS256"}"#, payload);
    let verified = verify(&token, None, |_| {
        Some(key(Algorithm::Hs256).verifying_key())
    })
    .unwrap();
    verified.check(&CHECK).map(|_| ())
}

/// A good set of claims but for one, given as JSON text; `None` leaves it out.
fn with(name: &str, json: Option<&str>) -> String {
    let mut claims = vec![
        ("iss", r#""https://id.example""#),
        ("aud", r#""api""#),
        ("sub", r#""ada""#),
        ("iat", "999990"),
        ("nbf", "999990"),
        ("exp", "1000100"),
        ("jti", r#""t1""#),
    ];
    claims.retain(|(other, _)| *other != name);
    claims.extend(json.map(|json| (name, json)));
    let members: Vec<String> = claims
        .iter()
        .map(|(name, json)| format!("\"{name}\":{json}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn good_claims_come_out_as_they_went_in() {
    #[derive(serde::Deserialize)]
    struct Borrowed<'a> {
        sub: &'a str,
    }

    let payload = with("other", Some(r#"{"a":[1,2]}"#));
    let token = signed(Algorithm::Hs256, r#"{"alg":"HS256"}"#, &payload);
    let verified = verify(&token, None, |_| {
        Some(key(Algorithm::Hs256).verifying_key())
    })
    .unwrap();
    let claims = verified.check(&CHECK).unwrap();
    assert_eq!(
        (
            claims.iss.as_ref(),
            claims.sub.as_deref(),
            claims.jti.as_deref()
        ),
        ("https://id.example", Some("ada"), Some("t1"))
    );
    assert_eq!(
        (claims.exp, claims.nbf, claims.iat),
        (1_000_100, Some(999_990), Some(999_990))
    );
    assert_eq!(
        verified.claims::<Value>().unwrap()["other"],
        json!({ "a": [1, 2] })
    );
    assert_eq!(verified.claims::<Borrowed<'_>>().unwrap().sub, "ada");
}

#[test]
fn e04_times_of_the_wrong_type() {
    let wrong = [
        r#""1000100""#,
        "1000100.0",
        "1000100.5",
        "1e9",
        "1E3",
        "null",
        "true",
        "false",
        "[]",
        "[1000100]",
        "{}",
        "-1",
        "-1000100",
        "-0.0",
        "253402300800",
        "1000100000000",
        "18446744073709551615",
        "18446744073709551616",
        "1e300",
        r#""""#,
        r#""never""#,
    ];
    for name in ["exp", "nbf", "iat"] {
        for json in wrong {
            assert_eq!(
                check(&with(name, Some(json))),
                Err(JoseError::InvalidClaim(name)),
                "{name}: {json}"
            );
        }
    }
    for unreadable in ["1e999", "NaN", "Infinity", "01", "+1", "0x10", "1_000"] {
        assert_eq!(
            check(&with("exp", Some(unreadable))),
            Err(Malformation::Json(Segment::Payload).into()),
            "{unreadable}"
        );
    }
}

#[test]
fn e04_exp_is_required_and_the_others_are_not() {
    assert_eq!(
        check(&with("exp", None)),
        Err(JoseError::MissingClaim("exp"))
    );
    for optional in ["nbf", "iat", "sub", "jti"] {
        assert_eq!(check(&with(optional, None)), Ok(()), "{optional}");
    }
    assert_eq!(check("{}"), Err(JoseError::MissingClaim("iss")));
}

#[test]
fn e04_texts_of_the_wrong_type() {
    for name in ["iss", "sub", "jti"] {
        for json in ["null", "7", "true", "{}", r#"["https://id.example"]"#, "[]"] {
            assert_eq!(
                check(&with(name, Some(json))),
                Err(JoseError::InvalidClaim(name)),
                "{name}: {json}"
            );
        }
    }
    for json in [
        "null",
        "7",
        "true",
        "{}",
        r#"["api",7]"#,
        r#"["api",null]"#,
        r#"[["api"]]"#,
    ] {
        assert_eq!(
            check(&with("aud", Some(json))),
            Err(JoseError::InvalidClaim("aud")),
            "{json}"
        );
    }
}

#[test]
fn times_hold_to_the_second() {
    for (name, json, expected) in [
        ("exp", "999991", Ok(())),
        ("exp", "999990", Err(JoseError::Expired)),
        ("exp", "0", Err(JoseError::Expired)),
        ("nbf", "1000010", Ok(())),
        ("nbf", "1000011", Err(JoseError::NotYetValid)),
        ("iat", "1000010", Ok(())),
        ("iat", "1000011", Err(JoseError::NotYetValid)),
        ("nbf", "0", Ok(())),
    ] {
        assert_eq!(check(&with(name, Some(json))), expected, "{name}: {json}");
    }
    assert_eq!(
        check(&with("exp", Some(&MAX_NUMERIC_DATE.to_string()))),
        Ok(())
    );
}

#[test]
fn extreme_clocks_do_not_overflow() {
    let token = signed(Algorithm::Hs256, r#"{"alg":"HS256"}"#, with("none", None));
    let verified = verify(&token, None, |_| {
        Some(key(Algorithm::Hs256).verifying_key())
    })
    .unwrap();
    for (now, leeway, expected) in [
        (u64::MAX, u64::MAX, Err(JoseError::Expired)),
        (u64::MAX, 0, Err(JoseError::Expired)),
        (0, u64::MAX, Ok(())),
        (0, 0, Err(JoseError::NotYetValid)),
    ] {
        let check = ClaimCheck {
            now,
            leeway,
            ..CHECK
        };
        assert_eq!(
            verified.check(&check).map(|_| ()),
            expected,
            "now {now}, leeway {leeway}"
        );
    }
}

#[test]
fn e05_issuer_is_exact() {
    for issuer in [
        "",
        "https://id.example/",
        "https://id.exampl",
        "ttps://id.example",
        "https://id.example.attacker.example",
        "HTTPS://id.example",
        "https://ID.example",
        " https://id.example",
        "https://id.example\\u0000",
        "http://id.example",
        "https://id.example#",
        "https://id.example,https://attacker.example",
    ] {
        let json = format!("\"{issuer}\"");
        assert_eq!(
            check(&with("iss", Some(&json))),
            Err(JoseError::WrongIssuer),
            "{issuer}"
        );
    }
    assert_eq!(
        check(&with("iss", None)),
        Err(JoseError::MissingClaim("iss"))
    );
    assert_eq!(
        check(&with("iss", Some(r#""https:\/\/id.example""#))),
        Ok(()),
        "an escape is spelling, not content"
    );
}

#[test]
fn audience_is_one_name_or_a_list_with_it() {
    for (json, expected) in [
        (r#"["api"]"#, Ok(())),
        (r#"["other","api"]"#, Ok(())),
        (r#"["other"]"#, Err(JoseError::WrongAudience)),
        ("[]", Err(JoseError::WrongAudience)),
        (r#""API""#, Err(JoseError::WrongAudience)),
        (r#""api2""#, Err(JoseError::WrongAudience)),
        (r#""other api""#, Err(JoseError::WrongAudience)),
        (r#""""#, Err(JoseError::WrongAudience)),
    ] {
        assert_eq!(check(&with("aud", Some(json))), expected, "{json}");
    }
    assert_eq!(
        check(&with("aud", None)),
        Err(JoseError::MissingClaim("aud"))
    );
}

#[test]
fn expired_is_said_only_of_what_was_once_good_here() {
    let old = with("exp", Some("1"));
    assert_eq!(check(&old), Err(JoseError::Expired));
    assert_eq!(
        check(&old.replace("id.example", "attacker.example")),
        Err(JoseError::WrongIssuer)
    );
    assert_eq!(
        check(&old.replace("\"api\"", "\"other\"")),
        Err(JoseError::WrongAudience)
    );
}

#[test]
fn claims_named_twice_are_refused() {
    for payload in [
        r#"{"iss":"https://id.example","aud":"api","exp":1,"exp":1000100}"#,
        r#"{"iss":"https://id.example","aud":"api","exp":1000100,"e\u0078p":1}"#,
        r#"{"iss":"https://id.example","aud":"api","exp":1000100,"x":{"role":"user","role":"admin"}}"#,
    ] {
        assert_eq!(
            check(payload),
            Err(Malformation::DuplicateMember(Segment::Payload).into()),
            "{payload}"
        );
    }
}

#[test]
fn payloads_that_are_no_claims() {
    for payload in ["", "ada", "[]", "null", "7", r#""{}""#, "{} {}"] {
        let token = signed(Algorithm::Hs256, r#"{"alg":"HS256"}"#, payload);
        let verified = verify(&token, None, |_| {
            Some(key(Algorithm::Hs256).verifying_key())
        })
        .unwrap();
        assert_eq!(
            verified.payload(),
            payload.as_bytes(),
            "a JWS may carry anything"
        );
        let expected = JoseError::from(Malformation::Json(Segment::Payload));
        assert_eq!(
            verified.check(&CHECK).err(),
            Some(expected.clone()),
            "{payload}"
        );
        assert_eq!(
            verified.claims::<Value>().err(),
            Some(expected),
            "{payload}"
        );
    }
    let token = signed(Algorithm::Hs256, r#"{"alg":"HS256"}"#, r#"{"sub":7}"#);
    let verified = verify(&token, None, |_| {
        Some(key(Algorithm::Hs256).verifying_key())
    })
    .unwrap();
    let shaped = verified.claims::<std::collections::HashMap<String, String>>();
    assert!(matches!(shaped, Err(JoseError::UnexpectedClaims(_))));
}
