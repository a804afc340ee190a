//! The query of an address.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::App;
use crate::extract::strict;
use crate::problem::Problem;

/// The query, read into `T`: 422 with the parameter's name if one is unknown, given twice, missing or of a wrong type.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let parameters =
        strict::parameters(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())));
    parameters.and_then(strict::read).map_err(Problem::invalid)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Sample {
        limit: Option<u32>,
        include_deleted: Option<bool>,
        q: Option<String>,
    }

    #[test]
    fn reads_numbers_flags_and_text() {
        let sample: Sample = parse("limit=20&includeDeleted=true&q=a%20b").unwrap();
        assert_eq!(
            sample,
            Sample {
                limit: Some(20),
                include_deleted: Some(true),
                q: Some("a b".to_owned())
            }
        );
        assert_eq!(
            parse::<Sample>("").unwrap(),
            Sample {
                limit: None,
                include_deleted: None,
                q: None
            }
        );
    }

    #[test]
    fn refuses_what_is_not_asked_for() {
        for query in [
            "limit=x",
            "limit=-1",
            "limit=99999999999999999999",
            "includeDeleted=1",
            "x=1",
            "limit=1&limit=2",
        ] {
            assert!(parse::<Sample>(query).is_err(), "{query}");
        }
    }
}
