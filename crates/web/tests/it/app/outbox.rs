//! An outbox that tests fill by hand.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ntt_auth_core::model::JobId;
use ntt_auth_web::{Outbox, OutboxMail};

use super::DESK;

/// Mails that were put there; open to [`DESK`].
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<OutboxMail>>>);

impl Kept {
    pub(crate) fn put(&self, mail: OutboxMail) {
        self.0.lock().unwrap().insert(0, mail);
    }
}

#[async_trait::async_trait]
impl Outbox for Kept {
    fn serves(&self, peer: SocketAddr) -> bool {
        peer.ip().to_string() == DESK
    }

    async fn list(&self) -> Vec<OutboxMail> {
        self.0.lock().unwrap().clone()
    }

    async fn read(&self, id: JobId) -> Option<OutboxMail> {
        let mails = self.0.lock().unwrap();
        mails.iter().find(|mail| mail.id == id).cloned()
    }

    async fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}
