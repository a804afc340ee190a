//! Problem details as they stand in answers and in the OpenAPI document.

use ntt_auth_core::model::FieldError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::ProblemCode;

/// Problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem, example = json!({
    "type": "https://auth.example.com/docs/errors/validation_failed",
    "title": "The request is not acceptable",
    "status": 422,
    "detail": "One field is not acceptable.",
    "code": "validation_failed",
    "requestId": "5f0c1a9e-2b",
    "errors": [{ "field": "/password", "code": "too_short", "message": "A password has at least 8 characters." }]
}))]
pub struct ProblemBody {
    /// Address of the page that explains the code.
    #[serde(rename = "type")]
    #[schema(format = Uri)]
    pub kind: String,
    /// A short summary, the same for every occurrence of the code.
    pub title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// What programs branch on.
    pub code: ProblemCode,
    /// The `X-Request-Id` of this answer, to be named when asking for help.
    pub request_id: String,
    /// What is wrong with the input, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldProblem>,
}

/// One thing that is wrong with an input.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON Pointer (RFC 6901) into the body; for a query, `/` and the parameter's name.
    #[schema(example = "/password")]
    pub field: String,
    /// What programs branch on, in `snake_case`.
    #[schema(example = "too_short")]
    pub code: String,
    /// One sentence for people.
    #[schema(example = "A password has at least 8 characters.")]
    pub message: String,
}

impl From<FieldError> for FieldProblem {
    fn from(error: FieldError) -> Self {
        Self {
            field: error.field.into_owned(),
            code: error.code.to_owned(),
            message: error.message.into_owned(),
        }
    }
}
