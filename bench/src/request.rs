//! The requests of the HTTP API that are measured, as bytes.

use serde_json::json;

/// The route that validates an access token.
pub(crate) const VALIDATE: &str = "/api/v1/auth/validate";
/// The route that rotates a refresh token.
pub(crate) const REFRESH: &str = "/api/v1/auth/refresh";
/// The route that signs in.
pub(crate) const LOGIN: &str = "/api/v1/auth/login";
/// The route that makes an account.
pub(crate) const REGISTER: &str = "/api/v1/auth/register";
/// The document with the public keys.
pub(crate) const JWKS: &str = "/.well-known/jwks.json";

/// An account of this tool's own.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

impl Credentials {
    /// The credentials of account number `number`.
    pub(crate) fn numbered(number: usize) -> Self {
        Self {
            email: format!("load-{number}@example.org"),
            // A password must not contain a longer piece of the address.
            password: format!("Quiet-harbour-{}-of-the-seventh-Lantern", number % 1000),
        }
    }

    /// As JSON.
    pub(crate) fn json(&self) -> String {
        json!({ "email": self.email, "password": self.password }).to_string()
    }

    /// As an OAuth 2.0 password form; the only character that a form must escape here is the at sign.
    pub(crate) fn form(&self) -> String {
        let email = self.email.replace('@', "%40");
        format!("username={email}&password={}", self.password)
    }
}

/// Makes the account.
pub(crate) fn register(who: &Credentials) -> Vec<u8> {
    post(REGISTER, &who.json())
}

/// Signs in.
pub(crate) fn login(who: &Credentials) -> Vec<u8> {
    post(LOGIN, &who.json())
}

/// Rotates a refresh token.
pub(crate) fn refresh(refresh_token: &str) -> Vec<u8> {
    post(
        REFRESH,
        &json!({ "refreshToken": refresh_token }).to_string(),
    )
}

/// Validates an access token.
pub(crate) fn validate(access_token: &str) -> Vec<u8> {
    get(VALIDATE, Some(access_token))
}

/// A GET, with a bearer token if there is one.
pub(crate) fn get(path: &str, bearer: Option<&str>) -> Vec<u8> {
    let authorization = bearer.map_or_else(String::new, |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: ntt-auth-bench\r\naccept: */*\r\n{authorization}\r\n")
        .into_bytes()
}

/// What changes something, with a bearer token; a body is JSON.
pub(crate) fn change(method: &str, path: &str, bearer: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let content_type = if body.is_empty() {
        ""
    } else {
        "content-type: application/json\r\n"
    };
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: ntt-auth-bench\r\naccept: */*\r\nauthorization: Bearer {bearer}\r\n{content_type}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A POST of a body of the given type.
pub(crate) fn post_as(path: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: ntt-auth-bench\r\naccept: */*\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn post(path: &str, body: &str) -> Vec<u8> {
    post_as(path, "application/json", body)
}
