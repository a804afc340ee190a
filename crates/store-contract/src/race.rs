//! Many at once.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Barrier;

/// How many race where "once" is promised.
pub(crate) const RACERS: u8 = 16;

/// Starts [`RACERS`] tasks that wait for each other before they begin, and gives what each found.
pub(crate) async fn race<F, T>(racer: impl Fn(u8) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let gate = Arc::new(Barrier::new(RACERS.into()));
    let racers = (0..RACERS).map(|number| {
        let (gate, racer) = (Arc::clone(&gate), racer(number));
        tokio::spawn(async move {
            gate.wait().await;
            racer.await
        })
    });
    futures::future::try_join_all(racers).await.unwrap()
}

/// How many of them say yes.
pub(crate) fn winners(found: &[bool]) -> usize {
    found.iter().filter(|took| **took).count()
}
