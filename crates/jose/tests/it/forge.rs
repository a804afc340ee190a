//! The forger's bench: tokens with any header and any payload under a valid signature, which the crate itself would not
//! make.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ntt_auth_jose::{Algorithm, JoseError, SigningKey, Verified, verify};

/// One key of each algorithm, made once, all under the `kid` [`KID`].
pub(crate) static KEYS: LazyLock<[SigningKey; 4]> = LazyLock::new(|| {
    Algorithm::ALL.map(|algorithm| {
        SigningKey::generate(algorithm, KID, &mut entropy(algorithm as u8)).unwrap()
    })
});

/// The `kid` of every key on the bench.
pub(crate) const KID: &str = "k1";

/// The bench's key of this algorithm.
pub(crate) fn key(algorithm: Algorithm) -> &'static SigningKey {
    KEYS.iter()
        .find(|key| key.algorithm() == algorithm)
        .unwrap()
}

/// Repeatable bytes; another sequence for another seed.
pub(crate) fn entropy(seed: u8) -> impl FnMut(&mut [u8]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::from(seed) << 8;
    move |bytes| {
        for byte in bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state.to_be_bytes()[0];
        }
    }
}

/// The text of these bytes in base64url.
pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of this header and payload, validly signed by the bench's key of this algorithm whatever the header says.
pub(crate) fn signed(algorithm: Algorithm, header: &str, payload: impl AsRef<[u8]>) -> String {
    signed_by(key(algorithm), &format!("{}.{}", b64(header), b64(payload)))
}

/// This signing input with a valid signature of this key.
pub(crate) fn signed_by(key: &SigningKey, signing_input: &str) -> String {
    let secret = key.to_secret_bytes().unwrap();
    let message = signing_input.as_bytes();
    let random = SystemRandom::new();
    let signature = match key.algorithm() {
        Algorithm::Hs256 => hmac_tag(&secret, signing_input),
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(&secret).unwrap();
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                .unwrap();
            signature
        }
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &secret).unwrap();
            pair.sign(&random, message).unwrap().as_ref().to_vec()
        }
        Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(&secret)
            .unwrap()
            .sign(message)
            .as_ref()
            .to_vec(),
    };
    format!("{signing_input}.{}", b64(signature))
}

/// HMAC-SHA-256 under any secret at all.
pub(crate) fn hmac_tag(secret: &[u8], signing_input: &str) -> Vec<u8> {
    hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret),
        signing_input.as_bytes(),
    )
    .as_ref()
    .to_vec()
}

/// Claims to sign.
pub(crate) const CLAIMS: &str = r#"{"sub":"ada"}"#;

/// Offers a token to the holder of one key, who takes any `typ`.
pub(crate) fn offer(algorithm: Algorithm, token: &str) -> Result<Verified, JoseError> {
    verify(token, None, |_| Some(key(algorithm).verifying_key()))
}

/// Asserts that the holder of one key refuses this token, and why.
#[track_caller]
pub(crate) fn refused(algorithm: Algorithm, token: &str, why: impl Into<JoseError>) {
    assert_eq!(
        offer(algorithm, token).err(),
        Some(why.into()),
        "{algorithm}: {token}"
    );
}

/// A header of this `alg` under the bench's `kid`.
pub(crate) fn header(alg: &str) -> String {
    format!(r#"{{"alg":"{alg}","kid":"{KID}"}}"#)
}
