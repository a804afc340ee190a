//! The JWK reader. Nothing may panic, no private member may pass, and a key that is read is written as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ntt_auth_jose::{Jwk, Jwks, VerifyingKey, verify};
use serde_json::Value;

fuzz_target!(|text: &str| {
    if let Ok(jwk) = serde_json::from_str::<Jwk>(text) {
        one(&jwk, text);
    }
    if let Ok(set) = serde_json::from_str::<Jwks>(text) {
        for jwk in &set.keys {
            let _key_or_reason = VerifyingKey::from_jwk(jwk);
        }
    }
});

fn one(jwk: &Jwk, text: &str) {
    let json: Value = serde_json::from_str(text).expect("what was read is JSON");
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert!(json.get(private).is_none(), "{private} passed");
    }
    let Ok(key) = VerifyingKey::from_jwk(jwk) else {
        return;
    };
    let written = key.to_jwk().expect("a public key");
    for member in ["kty", "crv", "x", "y", "n", "e", "kid"] {
        let written = serde_json::to_value(&written).expect("JSON");
        let same = written.get(member) == json.get(member).filter(|value| !value.is_null());
        // An RSA key may carry members of other types, which are not its own.
        assert!(same || written.get(member).is_none(), "{member} changed");
    }
    assert_eq!(
        key.thumbprint().map(|thumbprint| thumbprint.len()),
        Some(43)
    );
    assert!(verify("eyJhbGciOiJFUzI1NiJ9.e30.", None, |_| Some(&key)).is_err());
}
