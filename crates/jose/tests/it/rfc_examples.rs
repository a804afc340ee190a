//! The examples that the RFCs print.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ntt_auth_jose::{Algorithm, ClaimCheck, JoseError, Jwk, SigningKey, VerifyingKey, verify};

/// The claims of RFC 7515 § A.1 to § A.3: `iss` = joe, `exp` = 1300819380.
const JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn public(jwk: &str) -> VerifyingKey {
    VerifyingKey::from_jwk(&serde_json::from_str::<Jwk>(jwk).unwrap()).unwrap()
}

fn assert_is_joe(token: &str, key: &VerifyingKey) {
    let verified = verify(token, None, |_| Some(key)).unwrap();
    let claims: serde_json::Value = verified.claims().unwrap();
    assert_eq!(claims["iss"], "joe");
    assert_eq!(claims["http://example.com/is_root"], true);
    // The example has no audience, which our check wants.
    let check = ClaimCheck {
        issuer: "joe",
        audience: "any",
        now: 1_300_819_000,
        leeway: 0,
    };
    assert_eq!(
        verified.check(&check).err(),
        Some(JoseError::MissingClaim("aud"))
    );
}

#[test]
fn rfc7515_a1_hs256() {
    let secret =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let secret = URL_SAFE_NO_PAD.decode(secret).unwrap();
    let key = SigningKey::from_secret_bytes(Algorithm::Hs256, "a1", &secret).unwrap();
    let token = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    assert_is_joe(&token, key.verifying_key());
    assert!(verify(&token, Some("JWT"), |_| Some(key.verifying_key())).is_ok());
}

#[test]
fn rfc7515_a2_rs256() {
    let key = public(
        r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
    );
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    assert_is_joe(&format!("eyJhbGciOiJSUzI1NiJ9.{JOE}.{signature}"), &key);
}

#[test]
fn rfc7515_a3_es256() {
    let key = public(
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    );
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert_is_joe(&format!("eyJhbGciOiJFUzI1NiJ9.{JOE}.{signature}"), &key);
}

#[test]
fn rfc7515_a5_unsecured_is_refused() {
    let error = verify(&format!("eyJhbGciOiJub25lIn0.{JOE}."), None, |_| None).unwrap_err();
    assert_eq!(error, JoseError::UnsupportedAlgorithm);
}

#[test]
fn rfc7515_e_critical_header_is_refused() {
    // alg none, crit ["http://example.com/UNDEFINED"], payload FAIL.
    let token = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";
    assert_eq!(
        verify(token, None, |_| None).unwrap_err(),
        JoseError::ForbiddenHeader("crit")
    );
}

#[test]
fn rfc7638_3_1_thumbprint() {
    let key = public(
        r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
    );
    assert_eq!(
        key.thumbprint().as_deref(),
        Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    );
    assert_eq!(key.kid(), Some("2011-04-29"));
}

#[test]
fn rfc8037_a_ed25519() {
    // § A.1: the private key's d is its seed, hence what our entropy would have given.
    let seed = URL_SAFE_NO_PAD
        .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
        .unwrap();
    let key = SigningKey::generate(Algorithm::EdDsa, "a", &mut |bytes| {
        bytes.copy_from_slice(&seed);
    })
    .unwrap();
    // § A.2: its public half.
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let public = public(jwk);
    assert_eq!(key.verifying_key().thumbprint(), public.thumbprint());
    // § A.3: its thumbprint.
    assert_eq!(
        public.thumbprint().as_deref(),
        Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    );
    // § A.4 and § A.5: a signature.
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let verified = verify(token, None, |_| Some(&public)).unwrap();
    assert_eq!(verified.payload(), b"Example of Ed25519 signing");
}
