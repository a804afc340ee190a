//! What several servers share besides the store, where it is configured and built in.

use std::sync::Arc;

use ntt_auth_core::store::Store;
use ntt_auth_web::{Component, NodeStats, Probe, SharedLimits};
use tokio::task::JoinSet;

use crate::background::Chore;
use crate::breaker::BreakerReport;
#[cfg(feature = "redis")]
use crate::redis::{Redis, RedisLimits};
use crate::settings::Settings;
use crate::start::{Installation, StartError};
use crate::wakes::{self, Wakes};

/// What is shared.
pub struct Shared {
    /// Wakes whoever follows the other servers.
    pub wakes: Arc<Wakes>,
    #[cfg(feature = "redis")]
    redis: Option<SharedRedis>,
    /// End with this.
    _tasks: JoinSet<()>,
}

#[cfg(feature = "redis")]
struct SharedRedis {
    redis: Arc<Redis>,
    limits: Arc<RedisLimits>,
}

/// Listens to the store, for want of anything quicker.
fn listen(installation: &Installation, wakes: &Arc<Wakes>, tasks: &mut JoinSet<()>) {
    let store = Arc::clone(&installation.engine().store) as Arc<dyn Store>;
    tasks.spawn(wakes::listen(store, Arc::clone(wakes)));
}

#[cfg(feature = "redis")]
impl Shared {
    /// Begins to speak to what the settings name. Nobody waits for it.
    ///
    /// # Errors
    /// If it cannot be spoken to in the way that is configured, whether or not it is there.
    pub fn start(settings: &Settings, installation: &Installation) -> Result<Self, StartError> {
        let (wakes, mut tasks) = (Arc::new(Wakes::default()), JoinSet::new());
        let redis = match &settings.redis.url {
            Some(url) => {
                let auth = Arc::clone(&installation.auth);
                let redis = Arc::new(Redis::new(url, &settings.redis, auth.clock())?);
                tasks.spawn(Arc::clone(&redis).keep());
                let news = installation.announcements().subscribe();
                tasks.spawn(Arc::clone(&redis).tell(news));
                let followed_to = move || auth.feed().head().sequence();
                tasks.spawn(Arc::clone(&redis).hear(Arc::clone(&wakes), followed_to));
                let limits = RedisLimits::new(Arc::clone(&redis), installation.root());
                let limits = Arc::new(limits);
                Some(SharedRedis { redis, limits })
            }
            None => {
                listen(installation, &wakes, &mut tasks);
                None
            }
        };
        Ok(Self {
            wakes,
            redis,
            _tasks: tasks,
        })
    }

    /// What counts requests for all servers together.
    pub fn limits(&self) -> Option<Arc<dyn SharedLimits>> {
        let shared = self.redis.as_ref()?;
        Some(Arc::clone(&shared.limits) as Arc<dyn SharedLimits>)
    }

    /// The servers that know of each other.
    pub async fn nodes(&self) -> Vec<NodeStats> {
        match &self.redis {
            // Whoever asks is told elsewhere that Redis is away.
            Some(shared) => shared.redis.nodes().await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// Telling the other servers that `node` is there, and how it is.
    pub fn presence(&self, node: &str, probe: &Arc<dyn Probe>) -> Option<Chore> {
        use crate::redis::nodes::EVERY;
        let redis = Arc::clone(&self.redis.as_ref()?.redis);
        let (node, probe) = (Arc::<str>::from(node), Arc::clone(probe));
        Some(Chore::new(
            "telling the other servers of this one",
            EVERY,
            move || {
                let (redis, node, probe) =
                    (Arc::clone(&redis), Arc::clone(&node), Arc::clone(&probe));
                async move {
                    let told = redis.present(&node, &probe.breakers()).await;
                    if let Err(error) = told {
                        tracing::debug!(target: "redis", %error, "the other servers are told nothing");
                    }
                    Ok(())
                }
            },
        ))
    }

    /// How Redis is, for health.
    pub fn component(&self) -> Option<Component> {
        self.redis.as_ref().map(|shared| shared.redis.component())
    }

    /// How the breaker before Redis stands.
    pub fn breaker(&self) -> Option<BreakerReport> {
        self.redis.as_ref().map(|shared| shared.redis.report())
    }
}

/// A build without Redis, whose settings refuse it.
#[cfg(not(feature = "redis"))]
#[expect(missing_docs, reason = "they are those of the build with Redis")]
#[expect(clippy::unused_self, reason = "there is nothing to look at")]
impl Shared {
    pub fn start(_: &Settings, installation: &Installation) -> Result<Self, StartError> {
        let (wakes, mut tasks) = (Arc::new(Wakes::default()), JoinSet::new());
        listen(installation, &wakes, &mut tasks);
        Ok(Self {
            wakes,
            _tasks: tasks,
        })
    }

    pub fn limits(&self) -> Option<Arc<dyn SharedLimits>> {
        None
    }

    #[expect(clippy::unused_async, reason = "there is nobody to be asked")]
    pub async fn nodes(&self) -> Vec<NodeStats> {
        Vec::new()
    }

    pub fn presence(&self, _: &str, _: &Arc<dyn Probe>) -> Option<Chore> {
        None
    }

    pub fn component(&self) -> Option<Component> {
        None
    }

    pub fn breaker(&self) -> Option<BreakerReport> {
        None
    }
}
