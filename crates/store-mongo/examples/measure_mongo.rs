//! Measures what `docs/adr/0006-documents.md` tells of:
//! `cargo run --release -p ntt-auth-store-mongo --example measure_mongo -- URL [NODES]`
//!
//! It fills the database with sessions, and then times point reads, transactions that write one session, and transactions
//! that also append to the audit trail, by one caller and by 64 callers at once, who share so many stores as there are nodes.
//! The database should be empty and is left as it is.
#![expect(clippy::unwrap_used, reason = "a measurement that fails is none")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ntt_auth_core::model::{
    AuditRecord, Client, ClientMark, EventId, EventKind, RefreshSeed, Session, SessionId,
    Timestamp, UserId,
};
use ntt_auth_core::store::{Rotation, Store, StoreError, Tx, Work, transact};
use ntt_auth_store_mongo::MongoStore;
use uuid::Uuid;

const SESSIONS: u128 = 2_000;
const CALLERS: u128 = 64;
const TIME: Duration = Duration::from_secs(5);
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const END: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// How often any work was applied.
static APPLIED: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let url = args.next().unwrap();
    let nodes: u128 = args.next().map_or(1, |nodes| nodes.parse().unwrap());
    let mut stores: Vec<Arc<dyn Store>> = Vec::new();
    for _ in 0..nodes {
        let store = MongoStore::open(&url).await.unwrap();
        store.migrate().await.unwrap();
        stores.push(Arc::new(store));
    }
    let first = Arc::clone(stores.first().unwrap());
    for chunk in 0..SESSIONS / 500 {
        let fill = Fill(chunk * 500..(chunk + 1) * 500);
        transact(&*first, fill).await.unwrap();
    }
    read_one(&*first, 2_000).await;
    for appends in [false, true] {
        for callers in [1, CALLERS] {
            rotate(&stores, callers, appends).await;
        }
    }
}

async fn read_one(store: &dyn Store, count: u128) {
    let begun = Instant::now();
    for number in 0..count {
        let id = id(number * 7 % SESSIONS);
        assert!(store.read().sessions().by_id(id).await.unwrap().is_some());
    }
    report("point read, 1 caller", begun.elapsed(), count);
}

async fn rotate(stores: &[Arc<dyn Store>], callers: u128, appends: bool) {
    // Each measurement has sessions of its own.
    let offset = 200 + u128::from(appends) * 400 + callers * 2;
    APPLIED.store(0, Ordering::Relaxed);
    let begun = Instant::now();
    let callers_tasks = (0..callers).map(|number| {
        let at = usize::try_from(number).unwrap() % stores.len();
        let store = Arc::clone(stores.get(at).unwrap());
        tokio::spawn(async move {
            let (mut waits, mut failed) = (Vec::new(), 0_u64);
            while begun.elapsed() < TIME {
                let asked = Instant::now();
                let generation = i64::try_from(waits.len()).unwrap();
                let rotation = rotation(offset + number, generation);
                let outcome = transact(&*store, Rotate { rotation, appends }).await;
                if matches!(outcome, Err(StoreError::Contention)) {
                    failed += 1;
                    continue;
                }
                assert!(outcome.unwrap());
                waits.push(asked.elapsed());
            }
            (waits, failed)
        })
    });
    let found = futures::future::try_join_all(callers_tasks).await.unwrap();
    let failed: u64 = found.iter().map(|(_, failed)| failed).sum();
    let elapsed = begun.elapsed();
    let mut waits: Vec<_> = found.into_iter().flat_map(|(waits, _)| waits).collect();
    waits.sort_unstable();
    let wait = |percent: usize| waits.get(waits.len() * percent / 100).unwrap().as_millis();
    let what = if appends { "write and append" } else { "write" };
    report(
        &format!("{what}, {callers} callers"),
        elapsed,
        waits.len() as u128,
    );
    let applied = APPLIED.load(Ordering::Relaxed) * 100 / waits.len() as u64;
    println!(
        "    applied {}.{:02} times each, {failed} given up; waited p50 {} ms, p99 {} ms",
        applied / 100,
        applied % 100,
        wait(50),
        wait(99)
    );
}

fn report(what: &str, elapsed: Duration, count: u128) {
    let each = elapsed.as_nanos() / count;
    println!(
        "  {what}: {} µs each, {} per second",
        each / 1000,
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

struct Rotate {
    rotation: Rotation,
    appends: bool,
}

#[async_trait]
impl Work for Rotate {
    type Output = bool;

    async fn apply(&self, tx: &mut dyn Tx) -> Result<bool, StoreError> {
        APPLIED.fetch_add(1, Ordering::Relaxed);
        let took = tx.sessions().rotate(&self.rotation).await?;
        if self.appends {
            let mut head = tx.audit().lock_head().await?;
            head.latest += 1;
            tx.audit().insert(&record(head.latest)).await?;
            tx.audit().set_head(&head).await?;
        }
        Ok(took)
    }
}

fn record(sequence: i64) -> AuditRecord {
    AuditRecord {
        sequence,
        id: EventId::from_uuid(Uuid::from_u128(sequence.unsigned_abs().into())),
        kind: EventKind::SignedIn.as_str().to_owned(),
        at: NOW,
        actor: Some(UserId::from_uuid(Uuid::from_u128(7))),
        subject: None,
        session: None,
        address_mark: None,
        actor_mark: None,
        subject_mark: None,
        session_mark: None,
        detail: None,
        sealed: None,
        hash: [5; 32],
        mac: [6; 16],
    }
}
