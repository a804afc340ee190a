//! `POST /api/v1/auth/login`

use axum::extract::State;
use ntt_auth_core::flow::SignIn;
use ntt_auth_core::model::{Client, FieldErrors, Invalid, PersonName};
use ntt_auth_core::password::Plain;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::schema::{ANY, BODY, HASHING, TokensBody, refusals};
use crate::extract::{Json, Peer};
use crate::problem::{Problem, ProblemCode};

refusals!(BODY, &[ProblemCode::InvalidCredentials], HASHING, ANY);

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
}

/// Sign in
///
/// Begins a session. A wrong password, an unknown, a suspended and a deleted account are answered alike, and in the
/// same time.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "Authentication",
    responses(
        (status = 200, description = "Signed in.", body = TokensBody, headers(
            ("Cache-Control" = String, description = "`no-store`"),
        )),
        Refusals,
    ),
)]
pub(crate) async fn login(
    State(app): State<App>,
    Peer(client): Peer,
    Json(request): Json<LoginRequest>,
) -> Result<TokensBody, Problem> {
    let sign_in = request.parse(client).map_err(Problem::invalid)?;
    let tokens = sign_in.run(&app.auth).await?;
    Ok(TokensBody::of(tokens, app.auth.now()))
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
