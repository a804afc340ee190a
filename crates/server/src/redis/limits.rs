//! Limits that hold for all servers together: GCRA by a script that the server runs.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Script, cmd};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ntt_auth_core::secret::RootSecret;
use ntt_auth_web::{Counted, SharedCount, SharedLimits};

use super::Redis;

const SCRIPT: &str = include_str!("gcra.lua");
/// How many bytes of a MAC name a caller: nobody finds two with the same name.
const NAME: usize = 16;

/// Counts requests of all servers together.
pub struct RedisLimits {
    redis: Arc<Redis>,
    script: Script,
    names: hmac::Key,
}

impl RedisLimits {
    /// Counts at this server. Whose requests are counted is named by a MAC under a key of the installation, so that the server
    /// never learns an address or an account.
    pub fn new(redis: Arc<Redis>, root: &RootSecret) -> Self {
        Self {
            redis,
            script: Script::new(SCRIPT),
            names: root.mac("limits"),
        }
    }

    fn key(&self, counted: &Counted<'_>) -> String {
        let mac = hmac::sign(&self.names, counted.caller);
        let name = mac.as_ref().get(..NAME).unwrap_or_default();
        let name = BASE64_URL_SAFE_NO_PAD.encode(name);
        self.redis.name(&format!("limit:{}:{name}", counted.policy))
    }
}

#[async_trait]
impl SharedLimits for RedisLimits {
    async fn count(&self, counted: Counted<'_>) -> Option<SharedCount> {
        let mut call = self.script.key(self.key(&counted));
        call.arg(nanos(counted.step)).arg(nanos(counted.tolerance));
        let call = &call;
        let answer = self
            .redis
            .call(async move |mut link| call.invoke_async::<(bool, u64)>(&mut link).await)
            .await;
        let (admitted, nanos) = answer.ok()?;
        Some(SharedCount {
            admitted,
            wait: Duration::from_nanos(nanos),
        })
    }

    async fn forget(&self) {
        let pattern = self.redis.name("limit:*");
        let forgotten = self.redis.call(async move |mut link| {
            let mut cursor = 0_u64;
            loop {
                let mut scan = cmd("SCAN");
                scan.arg(cursor)
                    .arg("MATCH")
                    .arg(&pattern)
                    .arg("COUNT")
                    .arg(1000);
                let (next, keys): (u64, Vec<String>) = scan.query_async(&mut link).await?;
                if !keys.is_empty() {
                    cmd("DEL").arg(keys).exec_async(&mut link).await?;
                }
                cursor = next;
                if cursor == 0 {
                    return Ok(());
                }
            }
        });
        if let Err(error) = forgotten.await {
            tracing::debug!(target: "redis", %error, "the counts were not forgotten");
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
