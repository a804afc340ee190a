//! What the process tells of itself through health and metrics.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use ntt_auth_core::port::Backups;
use ntt_auth_web::{Component, HashingStats, MailStats, Outbox, Probe, TimeTravel};

use crate::backup::BackupFolder;
use crate::hashing::HashingPool;
use crate::mail::MailRoom;
use crate::settings::Hashing;

/// Watches the hashing pool and the mail.
pub struct Process {
    hasher: Arc<HashingPool>,
    mail: Arc<MailRoom>,
    travel: Option<Arc<dyn TimeTravel>>,
    backups: Arc<BackupFolder>,
    workers: usize,
    capacity: usize,
}

impl Process {
    /// Watches `hasher`, which was started with `settings`; `travel` moves the clock, where the profile allows it.
    pub fn new(
        hasher: Arc<HashingPool>,
        settings: &Hashing,
        mail: Arc<MailRoom>,
        travel: Option<Arc<dyn TimeTravel>>,
        backups: Arc<BackupFolder>,
    ) -> Self {
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            hasher,
            mail,
            travel,
            backups,
            workers: settings.workers.unwrap_or_else(cores),
            capacity: settings.queue,
        }
    }
}

#[async_trait]
impl Probe for Process {
    fn hashing(&self) -> HashingStats {
        let stats = self.hasher.stats();
        HashingStats {
            workers: count(self.workers),
            waiting: count(stats.waiting),
            capacity: count(self.capacity),
            running: count(stats.running),
            finished: stats.done,
            refused: stats.refused,
        }
    }

    async fn components(&self) -> Vec<Component> {
        vec![self.mail.component()]
    }

    fn mail(&self) -> MailStats {
        self.mail.stats()
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        let outbox = self.mail.outbox.clone()?;
        Some(outbox)
    }

    fn backups(&self) -> Option<Arc<dyn Backups>> {
        Some(Arc::clone(&self.backups) as Arc<dyn Backups>)
    }

    fn time_travel(&self) -> Option<Arc<dyn TimeTravel>> {
        self.travel.clone()
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
