//! What every handler is given.

use std::ops::Deref;
use std::sync::Arc;

use ntt_auth_core::Auth;

use crate::browser::Origins;
use crate::layer::RateLimiter;
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
}

impl App {
    /// Puts the parts together.
    pub fn new(auth: Arc<Auth>, settings: WebSettings, probe: Arc<dyn Probe>) -> Self {
        Self(Arc::new(Parts {
            limiter: Arc::new(RateLimiter::new(&auth, &settings.rate_limits)),
            metrics: Arc::new(Metrics::new(crate::paths())),
            origins: Origins::new(&settings),
            settings,
            auth,
            probe,
        }))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
