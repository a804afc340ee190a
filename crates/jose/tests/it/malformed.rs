//! Tokens that no issuer could have made, under valid signatures where that matters, so that nothing else is wrong.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ntt_auth_jose::{Algorithm, JoseError, Malformation, Segment};

use crate::forge::{CLAIMS, b64, header, key, offer, refused, signed, signed_by};

#[test]
fn padding_trailing_bits_and_white_space() {
    let good = key(Algorithm::Es256).sign("at+jwt", b"ab").unwrap(); // "YWI", which leaves two bits over
    let segments: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = segments.as_slice() else {
        panic!("three segments")
    };
    assert_eq!(*payload, "YWI");
    let es256 = Algorithm::Es256;
    for odd in [
        "YWI=", "YWJ", "YW I", "YWI ", "YWI\n", "YW+", "YWI%3D", "YWIé",
    ] {
        // Signed as it stands, so that nothing but the encoding is wrong.
        let token = signed_by(key(es256), &format!("{header}.{odd}"));
        refused(es256, &token, Malformation::Base64(Segment::Payload));
        // Under the old signature it is a forgery first.
        refused(
            es256,
            &format!("{header}.{odd}.{signature}"),
            JoseError::BadSignature,
        );
    }
    for odd in [
        format!("{header}="),
        format!(" {header}"),
        format!("{header}\r\n"),
        URL_SAFE.encode(r#"{"alg":"ES256" }"#),
    ] {
        let token = signed_by(key(es256), &format!("{odd}.{payload}"));
        refused(es256, &token, Malformation::Base64(Segment::Header));
    }
    let (whole, last) = signature.split_at(signature.len() - 1);
    assert!(
        "AQgw".contains(last),
        "64 bytes leave four bits over: {last}"
    );
    let next = char::from(last.as_bytes()[0] + 1);
    for odd in [
        format!("{whole}{next}"),
        format!("{signature}=="),
        format!("{signature}\n"),
        format!("{whole} {last}"),
    ] {
        refused(
            es256,
            &format!("{header}.{payload}.{odd}"),
            Malformation::Base64(Segment::Signature),
        );
    }
}

#[test]
fn segments_are_exactly_three() {
    let good = key(Algorithm::Es256)
        .sign("at+jwt", CLAIMS.as_bytes())
        .unwrap();
    for token in [
        "",
        "a",
        "YWI",
        &good.replace('.', ""),
        &format!("{good}.{}", b64("x")),
        &format!(".{good}"),
        "....",
        "...",
    ] {
        refused(Algorithm::Es256, token, Malformation::Segments);
    }
    for token in ["..", ".YWI.", ". .", "a..b"] {
        assert!(
            matches!(offer(Algorithm::Es256, token), Err(JoseError::Malformed(_))),
            "{token}"
        );
    }
    let flattened =
        serde_json::json!({ "payload": "YWI", "protected": "e30", "signature": "YWI" }).to_string();
    refused(Algorithm::Es256, &flattened, Malformation::Segments);
}

#[test]
fn members_named_twice() {
    for header in [
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"b"}"#,
        r#"{"alg":"ES256","other":{"a":1,"a":2}}"#,
    ] {
        let token = signed(Algorithm::Es256, header, CLAIMS);
        refused(
            Algorithm::Es256,
            &token,
            Malformation::DuplicateMember(Segment::Header),
        );
    }
    let token = signed(
        Algorithm::Es256,
        &header("ES256"),
        r#"{"sub":"ada","sub":"bob"}"#,
    );
    let verified = offer(Algorithm::Es256, &token).unwrap();
    let expected = JoseError::from(Malformation::DuplicateMember(Segment::Payload));
    assert_eq!(verified.claims::<serde_json::Value>().err(), Some(expected));
}

#[test]
fn headers_that_are_not_objects() {
    for header in [
        "",
        "null",
        "[]",
        "\"ES256\"",
        "7",
        "{",
        r#"{"alg":"ES256"}{}"#,
        "{'alg':'ES256'}",
        "\u{feff}{\"alg\":\"ES256\"}",
    ] {
        let token = signed(Algorithm::Es256, header, CLAIMS);
        refused(
            Algorithm::Es256,
            &token,
            Malformation::Json(Segment::Header),
        );
    }
    let not_utf8 = format!(
        "{}.{}",
        b64(b"{\"alg\":\"ES256\",\"kid\":\"\xff\"}"),
        b64(CLAIMS)
    );
    refused(
        Algorithm::Es256,
        &signed_by(key(Algorithm::Es256), &not_utf8),
        Malformation::Json(Segment::Header),
    );
}
