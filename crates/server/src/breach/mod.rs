//! Looking up passwords that were stolen elsewhere: in a filter file beside the server, or by the range API of Have I Been
//! Pwned, or both.

mod filter;
mod online;

use std::sync::Arc;

use async_trait::async_trait;
use ntt_auth_core::password::{Breaches, BreachesUnreachable, LeakDigest};

pub use filter::{BuildError, Filter, FilterError, build};
pub use online::Online;

use crate::settings::BreachLookUp;

/// What an installation looks stolen passwords up in.
struct LookUp {
    filter: Option<Filter>,
    online: Option<Online>,
    /// Whether a password that cannot be asked about is refused.
    strict: bool,
}

/// Opens what is configured; none if nothing is.
///
/// # Errors
/// [`FilterError`] if the filter file cannot be used.
pub fn open(settings: &BreachLookUp) -> Result<Option<Arc<dyn Breaches>>, FilterError> {
    let filter = settings.filter.as_deref().map(Filter::open).transpose()?;
    let online = settings
        .api
        .as_ref()
        .map(|api| Online::new(api.clone(), settings.timeout));
    if filter.is_none() && online.is_none() {
        return Ok(None);
    }
    Ok(Some(Arc::new(LookUp {
        filter,
        online,
        strict: settings.strict,
    })))
}

#[async_trait]
impl Breaches for LookUp {
    async fn know(&self, digest: &LeakDigest) -> Result<bool, BreachesUnreachable> {
        if self
            .filter
            .as_ref()
            .is_some_and(|filter| filter.contains(digest))
        {
            return Ok(true);
        }
        let Some(online) = &self.online else {
            return Ok(false);
        };
        match online.know(digest).await {
            Ok(known) => Ok(known),
            Err(error) if self.strict => Err(BreachesUnreachable(error.to_string().into())),
            // The rest of the policy was met; people can register while somebody else's server is away.
            Err(error) => {
                tracing::warn!(target: "breach", %error, "a new password was not looked up among stolen ones");
                Ok(false)
            }
        }
    }
}

#[cfg(test)]
mod tests;
