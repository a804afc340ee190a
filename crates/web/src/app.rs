//! What every handler is given.

use std::ops::Deref;
use std::sync::Arc;

use ntt_auth_core::Auth;

use crate::browser::Origins;
use crate::feed::Feeds;
use crate::layer::{RateLimiter, SharedLimits};
use crate::settings::WebSettings;
use crate::system::{Metrics, Probe};

/// The state of the HTTP side: an installation, its settings, and what watches it. Cheap to clone: the router does so
/// several times for each request, so there is one counter to touch and not one for each part.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] holds.
pub struct Parts {
    pub(crate) auth: Arc<Auth>,
    pub(crate) settings: WebSettings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) probe: Arc<dyn Probe>,
    pub(crate) limiter: Arc<RateLimiter>,
    pub(crate) origins: Origins,
    pub(crate) feeds: Feeds,
}

impl App {
    /// Puts the parts together.
    pub fn new(auth: Arc<Auth>, settings: WebSettings, probe: Arc<dyn Probe>) -> Self {
        Self::sharing(auth, settings, probe, None)
    }

    /// The same; requests are counted together with other servers by `limits`, where there are any.
    pub fn sharing(
        auth: Arc<Auth>,
        settings: WebSettings,
        probe: Arc<dyn Probe>,
        limits: Option<Arc<dyn SharedLimits>>,
    ) -> Self {
        Self(Arc::new(Parts {
            limiter: Arc::new(RateLimiter::new(&auth, &settings.rate_limits, limits)),
            metrics: Arc::new(Metrics::new(crate::paths())),
            origins: Origins::new(&settings),
            feeds: Feeds::new(&settings.feed),
            settings,
            auth,
            probe,
        }))
    }

    /// Ends what would go on for as long as its reader likes, because the server stops: the streams of revocations.
    pub fn end_streams(&self) {
        self.feeds.close();
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
