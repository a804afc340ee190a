//! What every handler is given.

use std::sync::Arc;

use ntt_auth_core::Auth;

use crate::layer::RateLimiter;
use crate::settings::WebSettings;
use crate::system::{Metrics, Probe};

/// The state of the HTTP side: an installation, its settings, and what watches it. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) auth: Arc<Auth>,
    pub(crate) settings: Arc<WebSettings>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) probe: Arc<dyn Probe>,
    pub(crate) limiter: Arc<RateLimiter>,
}

impl App {
    /// Puts the parts together.
    pub fn new(auth: Arc<Auth>, settings: WebSettings, probe: Arc<dyn Probe>) -> Self {
        Self {
            limiter: Arc::new(RateLimiter::new(&auth, &settings.rate_limits)),
            metrics: Arc::new(Metrics::new(crate::openapi().paths.paths.into_keys())),
            settings: Arc::new(settings),
            auth,
            probe,
        }
    }
}
