//! How many requests per minute (PRO-1): GCRA by `governor`, in memory and driven by the installation's clock, or by what all
//! servers share, where there is such a thing and while it answers.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter as Gcra};
use ntt_auth_core::Auth;
use ntt_auth_core::model::{Role, UserId};
use papaya::HashMap;

use crate::layer::{Counted, SharedCount, SharedLimits};
use crate::settings::RateLimits;

/// So many keys are held in one bucket; beyond, addresses are counted by larger networks.
const CROWD: usize = 100_000;
/// After so many checks, keys of callers that have been quiet are forgotten.
const SWEEP: usize = 4096;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    User(UserId),
    /// An IPv4 address, or an IPv6 /64, which is what one subscriber is given.
    Network(IpAddr),
    /// Whose address is not known.
    Nobody,
}

impl Key {
    pub(super) fn of_address(address: Option<IpAddr>) -> Self {
        Self::of_network(address, 32, 64)
    }

    fn of_network(address: Option<IpAddr>, v4: u8, v6: u8) -> Self {
        let network = address.and_then(|address| {
            let address = address.to_canonical();
            let length = if address.is_ipv4() { v4 } else { v6 };
            ipnet::IpNet::new(address, length)
                .ok()
                .map(|network| network.network())
        });
        network.map_or(Self::Nobody, Self::Network)
    }

    /// The key as bytes: no two keys have the same.
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::User(user) => [b"user".as_slice(), user.uuid().as_bytes()].concat(),
            Self::Network(IpAddr::V4(address)) => [b"ipv4".as_slice(), &address.octets()].concat(),
            Self::Network(IpAddr::V6(address)) => [b"ipv6".as_slice(), &address.octets()].concat(),
            Self::Nobody => b"nobody".to_vec(),
        }
    }

    /// The larger network an address is counted with in a crowd.
    fn in_crowd(self) -> Self {
        match self {
            Self::Network(address) => Self::of_network(Some(address), 16, 32),
            other => other,
        }
    }
}

/// Which limit applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Role(Role),
    Login,
    Register,
    /// Refreshing and signing out: by address, whoever asks, and more than guests have, so that a house full of people
    /// whose access tokens have expired can go on.
    Refresh,
    /// What has a mail sent.
    Mail,
}

impl Policy {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Role(role) => role.as_str(),
            Self::Login => "login",
            Self::Register => "register",
            Self::Refresh => "refresh",
            Self::Mail => "mail",
        }
    }
}

/// What a caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds until the whole quota is there again; if refused, until the next request is admitted.
    pub(super) seconds: u64,
    pub(super) admitted: bool,
}

/// Counts requests. None at all if limits are turned off.
pub(crate) struct RateLimiter {
    clock: CoreClock,
    limits: RateLimits,
    buckets: Option<ArcSwap<Buckets>>,
    shared: Option<Arc<dyn SharedLimits>>,
}

impl RateLimiter {
    /// A limiter by these limits, on the clock of `auth`; what is `shared` by several servers decides while it answers.
    pub(crate) fn new(
        auth: &Arc<Auth>,
        limits: &RateLimits,
        shared: Option<Arc<dyn SharedLimits>>,
    ) -> Self {
        let clock = CoreClock(Arc::clone(auth));
        let buckets = limits
            .enabled
            .then(|| ArcSwap::from_pointee(Buckets::new(&clock, limits)));
        Self {
            clock,
            limits: *limits,
            buckets,
            shared,
        }
    }

    /// Forgets what was counted.
    pub(crate) async fn forget(&self) {
        if let Some(buckets) = &self.buckets {
            buckets.store(Arc::new(Buckets::new(&self.clock, &self.limits)));
        }
        if let Some(shared) = &self.shared {
            shared.forget().await;
        }
    }

    /// Counts one request outside the limits by role, which is never asked elsewhere. If there are too many, after how many
    /// seconds to come again.
    pub(super) fn flooded_by(&self, address: impl FnOnce() -> Option<IpAddr>) -> Option<u64> {
        let buckets = self.buckets.as_ref()?;
        let standing = buckets.load().open.count(Key::of_address(address()));
        (!standing.admitted).then_some(standing.seconds)
    }

    /// Counts one request. `None` if limits are turned off.
    pub(super) async fn count(&self, policy: Policy, key: Key) -> Option<Standing> {
        let buckets = self.buckets.as_ref()?.load_full();
        let bucket = buckets.of(policy);
        Some(match &self.shared {
            Some(shared) => bucket.count_together(&**shared, policy, key).await,
            None => bucket.count(key),
        })
    }
}

struct Buckets {
    guest: Bucket,
    user: Bucket,
    moderator: Bucket,
    admin: Bucket,
    super_admin: Bucket,
    login: Bucket,
    register: Bucket,
    refresh: Bucket,
    mail: Bucket,
    open: Bucket,
}

impl Buckets {
    fn new(clock: &CoreClock, limits: &RateLimits) -> Self {
        let bucket = |limit| Bucket::new(clock, limit);
        Self {
            guest: bucket(limits.guest),
            user: bucket(limits.user),
            moderator: bucket(limits.moderator),
            admin: bucket(limits.admin),
            super_admin: bucket(limits.super_admin),
            login: bucket(limits.login),
            register: bucket(limits.register),
            refresh: bucket(limits.refresh),
            mail: bucket(limits.mail),
            open: bucket(limits.open),
        }
    }

    fn of(&self, policy: Policy) -> &Bucket {
        match policy {
            Policy::Role(Role::Guest) => &self.guest,
            Policy::Role(Role::User) => &self.user,
            Policy::Role(Role::Moderator) => &self.moderator,
            Policy::Role(Role::Admin) => &self.admin,
            Policy::Role(Role::SuperAdmin) => &self.super_admin,
            Policy::Login => &self.login,
            Policy::Register => &self.register,
            Policy::Refresh => &self.refresh,
            Policy::Mail => &self.mail,
        }
    }
}

struct Bucket {
    gcra: Gcra<Key, DashMapStateStore<Key>, CoreClock, StateInformationMiddleware>,
    clock: CoreClock,
    limit: NonZeroU32,
    checks: AtomicUsize,
    refused: HashMap<Key, Duration>,
}

impl Bucket {
    fn new(clock: &CoreClock, limit: NonZeroU32) -> Self {
        let gcra = Gcra::dashmap_with_clock(Quota::per_minute(limit), clock.clone())
            .with_middleware::<StateInformationMiddleware>();
        Self {
            gcra,
            clock: clock.clone(),
            limit,
            checks: AtomicUsize::new(0),
            refused: HashMap::new(),
        }
    }

    /// Counts here alone.
    fn count(&self, key: Key) -> Standing {
        self.count_kept(self.kept(key))
    }

    fn count_kept(&self, key: Key) -> Standing {
        match self.gcra.check_key(&key) {
            Ok(snapshot) => self.admitted(snapshot.remaining_burst_capacity()),
            Err(until) => self.refused(until.wait_time_from(self.clock.now())),
        }
    }

    /// Counts with the other servers. What is admitted is counted here, too, so that a fair count goes on without them. What is
    /// refused is remembered: nothing that any server does admits it earlier, so a flood ends at this one.
    async fn count_together(
        &self,
        shared: &dyn SharedLimits,
        policy: Policy,
        key: Key,
    ) -> Standing {
        let kept = self.kept(key);
        let now = self.clock.now();
        if let Some(until) = self.refused.pin().get(&kept)
            && now < *until
        {
            return self.refused(until.saturating_sub(now));
        }
        let quota = Quota::per_minute(self.limit);
        let counted = Counted {
            policy: policy.name(),
            caller: &kept.bytes(),
            step: quota.replenish_interval(),
            tolerance: quota.replenish_interval() * (self.limit.get() - 1),
        };
        match shared.count(counted).await {
            Some(count) if count.admitted => {
                let _ = self.gcra.check_key(&kept);
                self.admitted(remaining(&counted, count))
            }
            Some(count) => {
                let refused = self.refused.pin();
                if refused.len() < CROWD {
                    refused.insert(kept, self.clock.now() + count.wait);
                }
                self.refused(count.wait)
            }
            None => self.count_kept(kept),
        }
    }

    /// The key that a caller is counted under. Now and then, those of whoever has been quiet are forgotten.
    fn kept(&self, key: Key) -> Key {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.gcra.retain_recent();
            let now = self.clock.now();
            self.refused.pin().retain(|_, until| now < *until);
        }
        match self.gcra.len() {
            0..CROWD => key,
            _ => key.in_crowd(),
        }
    }

    fn admitted(&self, remaining: u32) -> Standing {
        let limit = self.limit.get();
        let seconds = ceil(Duration::from_mins(1) * limit.saturating_sub(remaining) / limit);
        Standing {
            limit,
            remaining,
            seconds,
            admitted: true,
        }
    }

    fn refused(&self, wait: Duration) -> Standing {
        Standing {
            limit: self.limit.get(),
            remaining: 0,
            seconds: ceil(wait).max(1),
            admitted: false,
        }
    }
}

/// How many more requests are admitted at once after this one, as `governor` says it of its own counts.
fn remaining(counted: &Counted<'_>, count: SharedCount) -> u32 {
    let room = (counted.tolerance + counted.step).saturating_sub(count.wait);
    u32::try_from(room.as_nanos() / counted.step.as_nanos().max(1)).unwrap_or(u32::MAX)
}

/// Whole seconds, rounded up.
fn ceil(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// The installation's clock as `governor` wants it.
#[derive(Clone)]
struct CoreClock(Arc<Auth>);

impl Clock for CoreClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().millis()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn what_is_left_of_a_shared_count_is_what_the_limiter_in_memory_says() {
        for limit in [1, 2, 3, 7, 10, 300, 1000, 6_000_000] {
            let limit = NonZeroU32::new(limit).unwrap();
            let quota = Quota::per_minute(limit);
            let clock = FakeRelativeClock::default();
            let local = Gcra::direct_with_clock(quota, clock.clone())
                .with_middleware::<StateInformationMiddleware>();
            let step = quota.replenish_interval();
            let counted = Counted {
                policy: "guest",
                caller: b"",
                step,
                tolerance: step * (limit.get() - 1),
            };
            let mut wait = Duration::ZERO;
            for gap in [0, 0, 3, 0, 5_000, 0, 0, 61_000, 1].map(Duration::from_millis) {
                clock.advance(gap);
                wait = wait.saturating_sub(gap);
                if let Ok(snapshot) = local.check() {
                    wait += step;
                    let admitted = true;
                    let remaining = remaining(&counted, SharedCount { admitted, wait });
                    assert_eq!(remaining, snapshot.remaining_burst_capacity(), "{limit}");
                }
            }
        }
    }
}
