//! Telling the other nodes that something is to be followed, and being told. A message that is lost costs nothing but time: what it
//! tells stands in the store, where everybody looks anyway.

use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::PubSubSink;
use ::redis::{Msg, RedisResult, cmd};
use futures::StreamExt as _;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{AGAIN, AGAIN_AT_LAST, Away, BEAT, Redis};
use crate::wakes::{Announced, Wakes};

/// How long the server may take to answer what nobody waits for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Redis {
    fn revocations(&self) -> String {
        self.name("revocations")
    }

    fn keys(&self) -> String {
        self.name("keys")
    }

    /// Publishes what this node committed: of a revocation its place in the log, and nothing else. Never ends while there can
    /// be news.
    pub async fn tell(self: Arc<Self>, mut news: watch::Receiver<Announced>) {
        let mut told = *news.borrow_and_update();
        while news.changed().await.is_ok() {
            let now = *news.borrow_and_update();
            if now.revoked > told.revoked {
                self.publish(&self.revocations(), now.revoked).await;
            }
            if now.rekeyed != told.rekeyed {
                self.publish(&self.keys(), 0).await;
            }
            told = now;
        }
    }

    async fn publish(&self, channel: &str, sequence: i64) {
        // A command that is given up too early may never be sent.
        let published = self.call_within(PATIENCE, async move |mut link| {
            let mut publish = cmd("PUBLISH");
            publish.arg(channel).arg(sequence);
            publish.exec_async(&mut link).await
        });
        // The others find it in the store.
        if let Err(error) = published.await {
            tracing::debug!(target: "redis", %error, "nothing was published");
        }
    }

    /// Listens to what other nodes publish, and wakes whoever follows them, unless this node has `followed_to` there already. Never
    /// ends.
    pub async fn hear(
        self: Arc<Self>,
        wakes: Arc<Wakes>,
        followed_to: impl Fn() -> i64 + Send + Sync,
    ) {
        let mut wait = AGAIN;
        loop {
            match self.listen_once(&wakes, &followed_to).await {
                Ok(()) => wait = AGAIN,
                Err(error) => {
                    tracing::debug!(target: "redis", %error, "nothing is heard of others");
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(AGAIN_AT_LAST);
        }
    }

    /// Listens until the connection is lost.
    async fn listen_once(
        &self,
        wakes: &Wakes,
        followed_to: &(impl Fn() -> i64 + Send + Sync),
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        // Another connection for commands leads to another server, perhaps.
        let mut links = self.link.subscribe();
        links.mark_unchanged();
        let (mut sink, mut messages) = self.wire.listen().await?.split();
        let channels = [self.revocations(), self.keys()];
        answered(sink.subscribe(&channels)).await?;
        let _watcher = wakes.watching();
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) if is_known(&message, followed_to()) => {}
                    Some(_) => wakes.wake(),
                    None => return Ok(()),
                },
                _ = links.changed() => return Ok(()),
                () = sleep(BEAT) => ping(&mut sink).await?,
            }
        }
    }
}

/// Whether a message tells of a revocation that is in force here already.
fn is_known(message: &Msg, followed_to: i64) -> bool {
    let sequence: RedisResult<i64> = message.get_payload();
    sequence.is_ok_and(|sequence| sequence > 0 && sequence <= followed_to)
}

async fn ping(sink: &mut PubSubSink) -> Result<(), Away> {
    let answer: ::redis::Value = answered(sink.ping()).await?;
    drop(answer);
    Ok(())
}

async fn answered<T>(answer: impl Future<Output = RedisResult<T>>) -> Result<T, Away> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Away::Late(PATIENCE)),
    }
}
