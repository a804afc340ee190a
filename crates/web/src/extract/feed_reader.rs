//! Who may follow revocations: services with the configured token, and whoever the permission matrix lets.

use axum::extract::FromRequestParts;
use http::request::Parts;
use ntt_auth_core::policy::Action;

use crate::App;
use crate::extract::{bearer, missing_token};
use crate::problem::Problem;

/// Whoever follows revocations: 401 without a good token, 403 if the permission matrix says no.
pub(crate) enum FeedReader {
    /// A service with the token that is configured for the feed.
    Service,
    /// Somebody signed in, with this access token.
    Caller(Box<str>),
}

impl FromRequestParts<App> for FeedReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let presented = bearer(&parts.headers)?.ok_or_else(missing_token)?;
        if let Some(token) = &app.settings.feed.token
            && token.is(presented)
        {
            return Ok(Self::Service);
        }
        let access = app.auth.validate(presented)?;
        match Action::FollowRevocations.reach(access.role).is_some() {
            true => Ok(Self::Caller(presented.into())),
            false => Err(Problem::forbidden()),
        }
    }
}

impl FeedReader {
    /// Whether it still holds what it was let in with. A role that changed has revoked the token.
    pub(crate) fn still_may(&self, app: &App) -> Result<(), Problem> {
        match self {
            Self::Service => Ok(()),
            Self::Caller(token) => {
                app.auth.validate(token)?;
                Ok(())
            }
        }
    }
}
