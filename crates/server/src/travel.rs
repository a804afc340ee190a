//! Letting time pass, and beginning anew: what `development` and `test` installations can be told.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipnet::IpNet;
use ntt_auth_core::Auth;
use ntt_auth_core::flow::{Fault, ensure_keys, follow, keep_root, offer_set_up};
use ntt_auth_core::secret::{Bearer, MasterKey};
use ntt_auth_core::store::{ManagedStore, StoreError};
use ntt_auth_web::TimeTravel;
use tokio::sync::Mutex;

use crate::background::Chore;
use crate::ports::VirtualClock;

/// The means to move the time of one installation.
pub struct Traveller {
    /// What is moved.
    pub clock: Arc<VirtualClock>,
    /// Whose clock it is.
    pub auth: Arc<Auth>,
    /// What is done after each step.
    pub chores: Vec<Chore>,
    /// The store that is emptied by a reset, where the profile allows that, and the key under which it keeps the root secret.
    pub resettable: Option<(Arc<dyn ManagedStore>, MasterKey)>,
    /// Who may.
    pub allow_from: Vec<IpNet>,
    /// One journey at a time.
    pub journey: Mutex<()>,
}

#[async_trait]
impl TimeTravel for Traveller {
    fn ahead(&self) -> Duration {
        self.clock.ahead()
    }

    fn serves(&self, peer: SocketAddr) -> bool {
        let address = peer.ip().to_canonical();
        self.allow_from
            .iter()
            .any(|network| network.contains(&address))
    }

    async fn advance(&self, by: Duration, step: Duration) -> Result<(), Fault> {
        let _alone = self.journey.lock().await;
        let mut left = by;
        while !left.is_zero() {
            let step = step.min(left);
            self.clock.advance(step).map_err(|error| not_kept(&error))?;
            left -= step;
            for chore in &self.chores {
                chore.once().await?;
            }
        }
        Ok(())
    }

    async fn reset(&self) -> Option<Result<Bearer, Fault>> {
        let (store, key) = self.resettable.as_ref()?;
        let _alone = self.journey.lock().await;
        Some(self.begin_anew(store.as_ref(), key).await)
    }
}

impl Traveller {
    async fn begin_anew(&self, store: &dyn ManagedStore, key: &MasterKey) -> Result<Bearer, Fault> {
        store.reset().await?;
        keep_root(&self.auth, key).await?;
        self.clock.reset().map_err(|error| not_kept(&error))?;
        self.auth.forget();
        ensure_keys(&self.auth).await?;
        follow(&self.auth).await?;
        let offered = offer_set_up(&self.auth).await?;
        Ok(offered.ok_or_else(|| StoreError::corrupt("setup, which is closed in a new store"))?)
    }
}

fn not_kept(error: &io::Error) -> Fault {
    StoreError::unavailable(format_args!(
        "the virtual clock cannot be kept in the data folder: {error}"
    ))
    .into()
}
