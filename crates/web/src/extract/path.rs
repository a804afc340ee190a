//! The variable part of an address.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::App;
use crate::problem::Problem;

/// The one variable part of a route's address, parsed. What does not parse names nothing that exists: 404.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: FromStr> FromRequestParts<App> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Problem::not_found())?;
        let value = params.iter().next().and_then(|(_, text)| text.parse().ok());
        value.map(Self).ok_or_else(Problem::not_found)
    }
}
