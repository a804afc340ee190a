//! The OpenAPI document: every route that is served, with examples and error codes (OPS-6).

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::api::schema::{FRAME, refusals};
use crate::problem::{FieldProblem, ProblemBody, ProblemCode};

/// The OpenAPI document, as it is committed; a test keeps it equal to what the code says.
pub const OPENAPI: &str = include_str!("../../../../openapi/ntt-auth.json");

/// What the document says beyond its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "ntt-auth",
        description = "Sign up, sign in, stay signed in, validate, sign out.\n\nErrors are problem details (RFC 9457); programs branch on their `code`. Every answer carries an `X-Request-Id`, the client's own if it sent one.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Authentication", description = "Accounts' own sign-up, sign-in and passwords."),
        (name = "Sessions", description = "Where an account is signed in."),
        (name = "Users", description = "Accounts, one's own and, for those who may, others'."),
        (name = "Revocations", description = "What was revoked, for services that validate tokens by themselves."),
        (name = "System", description = "The server itself."),
        (name = "Testing", description = "For testing other software against this server: absent in production."),
        (name = "Pages", description = "Pages for people."),
    ),
    components(schemas(ProblemBody, FieldProblem, ProblemCode)),
    modifiers(&Schemes),
)]
pub(crate) struct Frontispiece;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "An access token, as sign-in and refresh hand it out (RFC 6750).",
            ))
            .build();
        let metrics = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token configured as `metrics.token`."))
            .build();
        let feed = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token configured as `revocations.feed_token`."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("feed", SecurityScheme::Http(feed));
        components.add_security_scheme("metrics", SecurityScheme::Http(metrics));
    }
}

refusals!(FRAME);

/// The OpenAPI document of this API
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "System",
    responses(
        (status = 200, description = "The document you are reading.", body = serde_json::Value),
        Refusals,
    ),
)]
pub(crate) async fn openapi_json() -> Response {
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-cache"),
        ],
        OPENAPI,
    )
        .into_response()
}
