//! `POST /api/v1/auth/login`

use axum::extract::State;
use ntt_auth_core::flow::SignIn;
use ntt_auth_core::model::{Client, FieldErrors, Invalid, PersonName};
use ntt_auth_core::password::Plain;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BODY, HASHING, TokensBody, refusals};
use crate::browser::Browser;
use crate::extract::{Json, Peer};
use crate::problem::{Problem, ProblemCode};

refusals!(
    BODY,
    &[
        ProblemCode::InvalidCredentials,
        ProblemCode::EmailNotVerified,
        ProblemCode::CsrfRefused
    ],
    HASHING,
    ANY
);

/// Exactly one of `email`, `username` and `identifier`, and the password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Login, example = json!({
    "email": "ada@example.com",
    "password": "Analytical-Engine-1843",
    "deviceName": "Ada's phone",
}))]
pub(crate) struct LoginRequest {
    /// An email address.
    email: Option<String>,
    /// A user name.
    username: Option<String>,
    /// Either of them.
    identifier: Option<String>,
    /// The password.
    #[schema(required = true, nullable = false, format = Password)]
    password: Option<String>,
    /// What the client calls the device, shown in the list of sessions.
    #[schema(max_length = 100)]
    device_name: Option<String>,
    /// The `deviceToken` of the last sign-in from this device: its guesses are then counted apart from those of
    /// strangers, and a lock that strangers caused does not concern it.
    #[schema(max_length = 200)]
    device_token: Option<String>,
    /// Where the refresh token goes: `body`, or `cookie` for a browser's scripts never to see it (browser mode).
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "body", pattern = "^(body|cookie)$")]
    session: Option<Keep>,
}

/// Where a client keeps its refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keep {
    /// Where it likes.
    Body,
    /// In a cookie that no script can read.
    Cookie,
}

/// Sign in
///
/// Begins a session. A wrong password, an unknown, a suspended and a deleted account are answered alike, and in the
/// same time. After five wrong passwords from one source the answer is 429 for a while, whatever the password.
///
/// With `"session": "cookie"` (browser mode) the refresh token is set as the cookie `__Host-ntt_refresh`, which is `HttpOnly`,
/// `Secure` and `SameSite=Strict`, and the answer holds a `csrfToken` in its place. Only pages of this server's origin and
/// of configured ones may ask for that.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "Authentication",
    responses(
        (status = 200, description = "Signed in.", body = TokensBody, headers(
            ("Cache-Control" = String, description = "`no-store`"),
            ("Set-Cookie" = String, description = "In browser mode: refresh token, device token, token against forged requests."),
        )),
        Refusals,
    ),
)]
pub(crate) async fn login(
    State(app): State<App>,
    Peer(client): Peer,
    browser: Browser,
    Json(request): Json<LoginRequest>,
) -> Result<TokensBody, Problem> {
    let in_cookies = request.session == Some(Keep::Cookie);
    let mut sign_in = request.parse(client).map_err(Problem::invalid)?;
    if !in_cookies {
        let tokens = sign_in.run(&app.auth).await?;
        return Ok(TokensBody::of(tokens, app.auth.now()));
    }
    // Else another page could sign somebody in to an account that is not theirs.
    browser.expect_ours()?;
    sign_in.device_token = browser.device().or(sign_in.device_token);
    let tokens = sign_in.run(&app.auth).await?;
    Ok(TokensBody::in_cookies(tokens, &app.auth))
}

impl LoginRequest {
    fn parse(self, client: Client) -> Result<SignIn, FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut named = [
            ("/email", self.email),
            ("/username", self.username),
            ("/identifier", self.identifier),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some((field, text?)));
        let identifier = match (named.next(), named.next()) {
            (Some((_, text)), None) => Some(text),
            (None, _) => {
                errors.add(
                    "/identifier",
                    Invalid::new("required", "Give one of email, username and identifier."),
                );
                None
            }
            (Some(_), Some((field, _))) => {
                errors.add(
                    field,
                    Invalid::new(
                        "ambiguous",
                        "Give only one of email, username and identifier.",
                    ),
                );
                None
            }
        };
        let password = match self.password {
            Some(text) => errors.take("/password", Plain::parse(&text)),
            None => {
                errors.add(
                    "/password",
                    Invalid::new("required", "This field is required."),
                );
                None
            }
        };
        let device_name = self
            .device_name
            .and_then(|text| errors.take("/deviceName", PersonName::parse(&text)));
        match (identifier, password) {
            (Some(identifier), Some(password)) if errors.is_empty() => {
                let device_name = device_name.map(|name| name.as_str().to_owned());
                Ok(SignIn {
                    identifier,
                    password,
                    device_token: self.device_token,
                    client: Client {
                        device_name,
                        ..client
                    },
                })
            }
            _ => Err(errors),
        }
    }
}
