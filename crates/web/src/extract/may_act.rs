//! Who may call stands in the handler's arguments.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;
use ntt_auth_core::flow::{Actor, Caller};

use crate::App;
use crate::extract::SignedIn;
use crate::extract::may::Permits;
use crate::problem::Problem;

/// Somebody signed in whose role permits the action `A` at least on some accounts: 401 without a good access token,
/// 403 if the permission matrix says no. On whom exactly is the flow's to judge.
#[derive(Debug, Clone, Copy)]
pub struct May<A>(pub Actor, PhantomData<A>);

impl<A: Permits> FromRequestParts<App> for May<A> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let SignedIn(caller): SignedIn = SignedIn::from_request_parts(parts, app).await?;
        Self::permit(caller).ok_or_else(Problem::forbidden)
    }
}

impl<A: Permits> May<A> {
    fn permit(caller: Caller) -> Option<Self> {
        A::ACTION
            .reach(caller.role)
            .is_some()
            .then_some(Self(Actor::Caller(caller), PhantomData))
    }
}
