//! How routes refuse, for the OpenAPI document: every status with the codes that stand behind it.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder};

use crate::pages::refusal::is_shown;
use crate::problem::ProblemCode;

const PROBLEM: &str = "application/problem+json";
const PAGE: &str = "text/html";

/// What every answer's frame may refuse with.
pub(crate) const FRAME: &[ProblemCode] = &[
    ProblemCode::UriTooLong,
    ProblemCode::HeaderTooLarge,
    ProblemCode::RateLimited,
    ProblemCode::Internal,
];
/// What a route may answer that is limited and asks the store.
pub(crate) const ANY: &[ProblemCode] = &[
    ProblemCode::UriTooLong,
    ProblemCode::HeaderTooLarge,
    ProblemCode::RateLimited,
    ProblemCode::Unavailable,
    ProblemCode::Internal,
];
/// What a route may answer that needs an access token.
pub(crate) const BEARER: &[ProblemCode] = &[
    ProblemCode::MalformedRequest,
    ProblemCode::TokenMissing,
    ProblemCode::TokenExpired,
    ProblemCode::TokenInvalid,
    ProblemCode::TokenRevoked,
    ProblemCode::RevocationsStale,
];
/// What a route may answer that takes a body.
pub(crate) const BODY: &[ProblemCode] = &[
    ProblemCode::MalformedRequest,
    ProblemCode::Timeout,
    ProblemCode::PayloadTooLarge,
    ProblemCode::UnsupportedMediaType,
    ProblemCode::ValidationFailed,
];
/// What a route may answer that takes a query.
pub(crate) const QUERY: &[ProblemCode] = &[ProblemCode::ValidationFailed];
/// What a route may answer that hashes a password.
pub(crate) const HASHING: &[ProblemCode] = &[ProblemCode::Overloaded];

/// Declares, beside a handler, every code it refuses with: `Refusals`, or a name of its own, stands among its responses.
macro_rules! refusals {
    ($name:ident: $($codes:expr),+ $(,)?) => {
        enum $name {}

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                $crate::api::schema::refused_by(&[$($codes),+])
            }
        }
    };
    ($($codes:expr),+ $(,)?) => {
        $crate::api::schema::refusals!(Refusals: $($codes),+);
    };
}
pub(crate) use refusals;

/// The same for a page with a form, which shows people a page for some of the codes.
macro_rules! page_refusals {
    ($name:ident: $($codes:expr),+ $(,)?) => {
        enum $name {}

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                $crate::api::schema::page_refused_by(&[$($codes),+])
            }
        }
    };
}
pub(crate) use page_refusals;

/// The responses of a route that refuses with these codes.
pub(crate) fn refused_by(codes: &[&[ProblemCode]]) -> BTreeMap<String, RefOr<Response>> {
    by_status(codes)
        .into_iter()
        .map(|(status, codes)| (status, response(&codes).into()))
        .collect()
}

/// The responses of a page with a form that is refused with these codes.
pub(crate) fn page_refused_by(codes: &[&[ProblemCode]]) -> BTreeMap<String, RefOr<Response>> {
    by_status(codes)
        .into_iter()
        .map(|(status, codes)| {
            let mut response = response(&codes);
            if codes.iter().all(|code| is_shown(*code)) {
                let text = ObjectBuilder::new().schema_type(Type::String).build();
                let page = ContentBuilder::new().schema(Some(text)).build();
                // A handler that panics answers with a problem wherever it is.
                if !codes.contains(&ProblemCode::Internal) {
                    response.content.clear();
                }
                response.content.insert(PAGE.to_owned(), page.into());
            }
            (status, response.into())
        })
        .collect()
}

fn by_status(codes: &[&[ProblemCode]]) -> BTreeMap<String, Vec<ProblemCode>> {
    let mut by_status: BTreeMap<String, Vec<ProblemCode>> = BTreeMap::new();
    for code in codes.iter().copied().flatten() {
        let same_status = by_status
            .entry(code.status().as_str().to_owned())
            .or_default();
        if !same_status.contains(code) {
            same_status.push(*code);
        }
    }
    by_status
}

/// Puts each refusal that several routes share under the document's components, once, and refers to it.
pub(crate) fn share_refusals(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(inline) = &*response else {
                continue;
            };
            let Some(name) = name(status, inline) else {
                continue;
            };
            let reference = Ref::from_response_name(name.as_str()).into();
            components
                .responses
                .insert(name, std::mem::replace(response, reference));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// A refusal's name, made of its status and codes, which are all there is to it.
fn name(status: &str, response: &Response) -> Option<String> {
    let RefOr::T(content) = response.content.get(PROBLEM)? else {
        return None;
    };
    let codes: Vec<&str> = content.examples.keys().map(String::as_str).collect();
    let page = if response.content.contains_key(PAGE) {
        ".page"
    } else {
        ""
    };
    (!codes.is_empty()).then(|| format!("{status}-{}{page}", codes.join(".")))
}

fn response(codes: &[ProblemCode]) -> Response {
    let told: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.as_str(), code.title()))
        .collect();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(codes.iter().map(|code| {
            (
                code.as_str(),
                ExampleBuilder::new()
                    .summary(code.title())
                    .value(Some(example(*code)))
                    .build(),
            )
        }))
        .build();
    let headers: BTreeMap<&str, &str> = codes
        .iter()
        .flat_map(|code| headers(*code))
        .copied()
        .collect();
    headers
        .into_iter()
        .fold(ResponseBuilder::new(), |response, (name, description)| {
            let schema = ObjectBuilder::new().schema_type(Type::String);
            response.header(
                name,
                HeaderBuilder::new()
                    .schema(Some(schema))
                    .description(Some(description))
                    .build(),
            )
        })
        .description(told.join("; "))
        .content(PROBLEM, content)
        .build()
}

fn headers(code: ProblemCode) -> &'static [(&'static str, &'static str)] {
    match code.status().as_u16() {
        401 => &[(
            "WWW-Authenticate",
            "The scheme to authenticate by (RFC 6750 § 3).",
        )],
        429 | 503 => &[("Retry-After", "After how many seconds to try again.")],
        _ => &[],
    }
}

fn example(code: ProblemCode) -> serde_json::Value {
    let mut example = json!({
        "type": format!("https://auth.example.com/docs/errors/{}", code.as_str()),
        "title": code.title(),
        "status": code.status().as_u16(),
        "detail": code.title(),
        "code": code.as_str(),
        "requestId": "0199a6f2-9e10-7c55-b0aa-1f2e3d4c5b6a",
    });
    if code == ProblemCode::ValidationFailed
        && let Some(members) = example.as_object_mut()
    {
        members.insert(
            "errors".to_owned(),
            json!([{ "field": "/email", "code": "invalid_email", "message": "This is not a valid email address." }]),
        );
    }
    example
}
