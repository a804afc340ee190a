//! Bodies in JSON.

use axum::extract::{FromRequest, OptionalFromRequest, Request};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::App;
use crate::extract::read_body;
use crate::extract::strict::{self, Document};
use crate::problem::{Problem, ProblemCode};

/// A body in JSON, read into `T`: 415 if it is of another type, 413 if it is too large, 400 if it is not well-formed
/// (broken, not UTF-8, a name twice in an object, nested too deep), 422 with the place if it is not what is asked for
/// (an unknown, missing or wrong-typed field).
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                ProblemCode::UnsupportedMediaType,
                "Send the body as application/json.",
            ));
        }
        let body = read_body(request.into_body(), &app.settings).await?;
        parse(&body).map(Self)
    }
}

impl<T: DeserializeOwned> OptionalFromRequest<App> for Json<T> {
    type Rejection = Problem;

    /// `None` for an empty body, whatever its type is said to be.
    async fn from_request(request: Request, app: &App) -> Result<Option<Self>, Problem> {
        let json = is_json(request.headers());
        let body = read_body(request.into_body(), &app.settings).await?;
        match (body.is_empty(), json) {
            (true, _) => Ok(None),
            (false, true) => parse(&body).map(Self).map(Some),
            (false, false) => Err(Problem::new(
                ProblemCode::UnsupportedMediaType,
                "Send the body as application/json.",
            )),
        }
    }
}

/// Whether the body is said to be JSON: `application/json` or `application/…+json` (RFC 6839 § 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(text) = value.to_str() else {
        return false;
    };
    let essence = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.strip_prefix("application/") {
        Some(subtype) => subtype == "json" || subtype.len() > 5 && subtype.ends_with("+json"),
        None => false,
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let malformed = |detail: String| Problem::new(ProblemCode::MalformedRequest, detail);
    if body.is_empty() {
        return Err(malformed(
            "The body is empty; a JSON object is expected.".to_owned(),
        ));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        malformed(format!(
            "The body is not UTF-8 from octet {} on.",
            error.valid_up_to()
        ))
    })?;
    let document: Document = serde_json::from_str(text)
        .map_err(|error| malformed(format!("The body is not JSON: {error}.")))?;
    strict::read(document).map_err(Problem::invalid)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::response::IntoResponse as _;
    use http::HeaderValue;
    use http_body_util::BodyExt as _;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Sample {
        email: String,
        #[serde(default)]
        device_name: Option<String>,
        #[serde(default)]
        until: Option<i64>,
        #[serde(default)]
        metadata: Option<serde_json::Map<String, serde_json::Value>>,
        #[serde(default)]
        nested: Option<BTreeMap<String, Vec<Inner>>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        on: bool,
    }

    async fn refusal(body: &[u8]) -> (u16, String, String) {
        let response = parse::<Sample>(body).unwrap_err().into_response();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let error = |name: &str| {
            value["errors"][0][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        (status, error("field"), error("code"))
    }

    #[tokio::test]
    async fn names_the_place_and_the_kind_of_a_mistake() {
        let cases: [(&str, &str, &str); 9] = [
            (r"{}", "/email", "required"),
            (r#"{"email":1}"#, "/email", "invalid_type"),
            (r#"{"email":null}"#, "/email", "invalid_type"),
            (r#"{"email":"a","role":"admin"}"#, "/role", "unknown_field"),
            (r#"{"email":"a","until":1.5}"#, "/until", "invalid_type"),
            (r#"{"email":"a","a/b~c":1}"#, "/a~1b~0c", "unknown_field"),
            (
                r#"{"email":"a","nested":{"x":[{"on":true},{"on":1}]}}"#,
                "/nested/x/1/on",
                "invalid_type",
            ),
            (
                r#"{"email":"a","nested":{"x":[{"on":true,"off":1}]}}"#,
                "/nested/x/0/off",
                "unknown_field",
            ),
            (r"[]", "", "invalid_type"),
        ];
        for (body, field, code) in cases {
            assert_eq!(
                refusal(body.as_bytes()).await,
                (422, field.to_owned(), code.to_owned()),
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_not_well_formed_is_refused_as_a_whole() {
        let deep = format!("{}{}", r#"{"email":"#, "[".repeat(100_000));
        let cases: [&[u8]; 8] = [
            b"",
            b"{",
            b"{\"email\":\"a\"} x",
            b"\xff\xfe",
            b"{\"email\":\"\xc3\x28\"}",
            b"{\"email\":\"a\",\"email\":\"b\"}",
            b"{\"email\":\"a\",\"metadata\":{\"x\":1,\"x\":2}}",
            b"{\"email\":\"\\ud800\"}",
        ];
        for body in cases.into_iter().chain([deep.as_bytes()]) {
            assert_eq!(
                refusal(body).await.0,
                400,
                "{:?}",
                String::from_utf8_lossy(&body[..body.len().min(60)])
            );
        }
    }

    #[test]
    fn reads_what_is_asked_for() {
        let sample: Sample =
            parse(br#"{"email":"a","deviceName":null,"until":-5,"metadata":{"n":1.5,"l":[null,true,"x"]}}"#).unwrap();
        assert_eq!((sample.until, sample.device_name), (Some(-5), None));
        assert_eq!(
            serde_json::to_string(&sample.metadata).unwrap(),
            r#"{"l":[null,true,"x"],"n":1.5}"#
        );
    }

    #[test]
    fn knows_json_by_its_type() {
        for (value, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("application/+json", false),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
