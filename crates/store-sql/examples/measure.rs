//! Measures what `docs/adr/0001-store-seam.md` tells of: `cargo run --release --all-features --example measure -- URL…`
//!
//! It fills each store with sessions, and then times point reads, transactions of one conditional write by one caller,
//! and by 64 callers at once. The stores should be empty and are left as they are.
#![expect(clippy::unwrap_used, reason = "a measurement that fails is none")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ntt_auth_core::model::{
    Client, ClientMark, RefreshSeed, Session, SessionId, Timestamp, UserId,
};
use ntt_auth_core::store::{Rotation, Store, StoreError, Tx, Work, transact};
use ntt_auth_store_sql::SqlStore;
use uuid::Uuid;

const SESSIONS: u128 = 10_000;
const CALLERS: u128 = 64;
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const END: Timestamp = Timestamp::from_millis(1_800_000_000_000);

#[tokio::main]
async fn main() {
    for url in std::env::args().skip(1) {
        let store: Arc<dyn Store> = {
            let store = SqlStore::open(&url).await.unwrap();
            store.migrate().await.unwrap();
            Arc::new(store)
        };
        for chunk in 0..SESSIONS / 500 {
            transact(&*store, Fill(chunk * 500..(chunk + 1) * 500))
                .await
                .unwrap();
        }
        println!("{}", url.split(['@', '?']).next_back().unwrap_or_default());
        read_one(&*store, 20_000).await;
        rotate_one(&*store, 2_000).await;
        rotate_many(&store, Duration::from_secs(5)).await;
    }
}

async fn read_one(store: &dyn Store, count: u128) {
    let begun = Instant::now();
    for number in 0..count {
        let found = store
            .read()
            .sessions()
            .by_id(id(number * 7 % SESSIONS))
            .await
            .unwrap();
        assert!(found.is_some());
    }
    report("point read, one caller", begun.elapsed(), count);
}

async fn rotate_one(store: &dyn Store, count: u128) {
    let begun = Instant::now();
    for number in 0..count {
        // Behind the sessions of the callers below.
        let rotation = rotation(
            CALLERS + number % 1000,
            i64::try_from(number / 1000).unwrap(),
        );
        assert!(transact(store, Rotate(rotation)).await.unwrap());
    }
    report(
        "transaction of one conditional write, one caller",
        begun.elapsed(),
        count,
    );
}

async fn rotate_many(store: &Arc<dyn Store>, time: Duration) {
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|number| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let mut generation = 0;
            let mut slowest = Vec::new();
            while begun.elapsed() < time {
                let asked = Instant::now();
                assert!(
                    transact(&*store, Rotate(rotation(number, generation)))
                        .await
                        .unwrap()
                );
                slowest.push(asked.elapsed());
                generation += 1;
            }
            slowest
        })
    });
    let mut waits = futures::future::try_join_all(callers)
        .await
        .unwrap()
        .concat();
    let elapsed = begun.elapsed();
    waits.sort_unstable();
    let wait = |percent: usize| {
        waits
            .get(waits.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    report(
        "transaction of one conditional write, 64 callers",
        elapsed,
        waits.len() as u128,
    );
    println!(
        "    waited by a caller: p50 {:?}, p99 {:?}",
        wait(50),
        wait(99)
    );
}

fn report(what: &str, elapsed: Duration, count: u128) {
    let each = elapsed.as_nanos() / count;
    println!(
        "  {what}: {}.{} µs each, {} per second",
        each / 1000,
        each / 100 % 10,
        1_000_000_000 / each
    );
}

fn id(number: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(number))
}

fn rotation(number: u128, generation: i64) -> Rotation {
    let client = client();
    Rotation {
        id: id(number),
        generation,
        at: NOW,
        idle_expires_at: END,
        mark: ClientMark::of(&client),
        client,
    }
}

fn client() -> Client {
    Client {
        ip_address: Some([192, 0, 2, 7].into()),
        user_agent: Some(
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned(),
        ),
        device_name: None,
        request_id: None,
    }
}

struct Fill(std::ops::Range<u128>);

#[async_trait]
impl Work for Fill {
    type Output = ();

    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        for number in self.0.clone() {
            let session = Session {
                id: id(number),
                user_id: UserId::from_uuid(Uuid::from_u128(number / 3)),
                seed: RefreshSeed::new([1; 32]),
                generation: 0,
                rotated_by: ClientMark::of(&client()),
                client: client(),
                rotated_at: NOW,
                created_at: NOW,
                last_used_at: NOW,
                idle_expires_at: END,
                expires_at: END,
                ended: None,
            };
            tx.sessions().insert(&session).await?;
        }
        Ok(())
    }
}

struct Rotate(Rotation);

#[async_trait]
impl Work for Rotate {
    type Output = bool;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<bool, StoreError> {
        tx.sessions().rotate(&self.0).await
    }
}
