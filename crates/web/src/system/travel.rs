//! What a test installation can be told: to let time pass, and to begin anew. The routes are absent elsewhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use http::request::Parts;
use ntt_auth_core::flow::Fault;
use ntt_auth_core::secret::Bearer;

use crate::App;
use crate::problem::Problem;
use crate::system::desk::desk;

/// An installation whose time can be moved. The server implements it for the profiles `development` and `test`.
#[async_trait]
pub trait TimeTravel: Send + Sync {
    /// How far the installation's clock is ahead of the system's.
    fn ahead(&self) -> Duration;

    /// Whether an address may use this.
    fn serves(&self, peer: SocketAddr) -> bool;

    /// Moves the clock forward by `by`, in steps of `step`, and after each step does what the server does by itself in
    /// the background: rotate keys, send mail, purge.
    async fn advance(&self, by: Duration, step: Duration) -> Result<(), Fault>;

    /// Forgets every account, session, key and mail and gives the token of a new set-up link. `None` where the profile
    /// does not allow it.
    async fn reset(&self) -> Option<Result<Bearer, Fault>>;
}

/// The means to move time, for those who may. To everybody else the route does not exist: no other answer would tell
/// less.
pub(crate) struct Traveller(pub(crate) Arc<dyn TimeTravel>);

impl FromRequestParts<App> for Traveller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let peer = desk(parts, app).await.ok_or_else(Problem::not_found)?;
        app.probe
            .time_travel()
            .filter(|travel| travel.serves(peer))
            .map(Self)
            .ok_or_else(Problem::not_found)
    }
}
