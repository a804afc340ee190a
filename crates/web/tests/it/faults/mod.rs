//! A fault between any two writes of an operation (V2.3.3): whatever it was about to do is undone, and is done when it is asked for
//! again.

mod disk;
mod house;
mod people;
mod routes;

use std::fmt::Display;
use std::sync::Arc;

use ntt_auth_core::flow::verify_audit;
use tempfile::TempDir;

use self::disk::{At, Disk, Dump, Noticing};
use crate::app::{Answer, Builder, TestApp, sqlite};

/// What may be left of an operation in which there was a fault.
#[derive(Debug, Clone, Copy)]
struct Left {
    /// Rows of these tables, which every attempt writes in a transaction of its own before the rest.
    of: &'static [&'static str],
    /// Whether it goes by steps, of which each is done or not: those that were taken stay, and the next attempt goes on.
    steps: bool,
    /// Whether what comes after the one transaction that matters only tidies up, so that whoever asked is told that it was done.
    tidies: bool,
}

const NOTHING: Left = Left {
    of: &[],
    steps: false,
    tidies: false,
};
/// Guesses are counted before they are looked at, so that parallel ones do not outrun the counter (E-24); one of which nothing
/// came counts as wrong until a right one.
const GUESS: Left = Left {
    of: &["throttles"],
    ..NOTHING
};

/// An installation on a disk that can fail.
struct Scene {
    app: TestApp,
    disk: Disk,
    store: Arc<Noticing>,
    _folder: TempDir,
}

impl Scene {
    async fn of(builder: Builder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let store = Noticing::over(sqlite(&format!("sqlite:{}", path.display())).await);
        let disk = Disk::prepare(&path);
        // Right passwords of which nothing comes are counted as guesses, and here there are many.
        let builder = builder.rules(|rules| rules.lockout.guesses = 1000);
        let app = builder.store(store.clone()).build().await;
        Self {
            app,
            disk,
            store,
            _folder: folder,
        }
    }

    /// Lets an operation fail at its first write, at its second, and so on until it has no more, each time in both ways, and
    /// gives how many it has. `attempt` does it, and tells why not if it failed.
    async fn hold<T>(
        &self,
        name: &str,
        left: Left,
        attempt: impl AsyncFn() -> Result<T, String>,
    ) -> u32 {
        let mut before = self.disk.dump();
        let (mut n, mut most) = (1, 0);
        while n < 1000 {
            most = most.max(n - 1);
            for at in [At::Write, At::Commit] {
                self.disk.fail(n, at);
                self.store.has_failed();
                let outcome = attempt().await;
                let failed = self.store.has_failed();
                self.disk.mend();
                let after = self.disk.dump();
                let place = format!("{name}, write {n}, {at:?}");
                match (outcome, failed) {
                    (Err(_), true) if left.steps && before != after => n = 0,
                    (Err(_), true) => same(&place, left, &before, &after),
                    (Ok(_), true) if left.tidies => {
                        assert_ne!(before, after, "{place} is said to be done");
                        return most;
                    }
                    (Ok(_), true) => panic!("{place} failed, and nobody was told"),
                    (Ok(_), false) if at == At::Write || left.steps => return most,
                    (Ok(_), false) => panic!("{place} was there a moment ago"),
                    (Err(why), false) => panic!("{place} did not fail, and it was not done: {why}"),
                }
                before = after;
                if n == 0 {
                    break;
                }
            }
            n += 1;
        }
        panic!("{name} has no end");
    }

    /// That the audit trail is whole after all of it.
    async fn is_whole(&self) {
        let report = verify_audit(&self.app.auth, &[], &mut |_, _| {}).await;
        assert_eq!(report.unwrap().findings, []);
    }
}

/// That nothing is different but what may be.
#[track_caller]
fn same(place: &str, left: Left, before: &Dump, after: &Dump) {
    for (table, rows) in before {
        let new = &after[table];
        let gone: Vec<_> = rows.iter().filter(|row| !new.contains(row)).collect();
        let came: Vec<_> = new.iter().filter(|row| !rows.contains(row)).collect();
        assert!(
            rows == new || left.of.contains(&&**table),
            "{place}: of {table} went {gone:#?} and came {came:#?}"
        );
    }
}

/// What was done, or why not.
fn told<T, E: Display>(outcome: Result<T, E>) -> Result<T, String> {
    outcome.map_err(|error| error.to_string())
}

/// Whether an answer is this one. A fault is a 500.
fn answers(answer: &Answer, status: u16) -> Result<Answer, String> {
    match answer.status.as_u16() {
        500 => Err(answer.text()),
        _ => Ok(answer.is(status).clone()),
    }
}

/// Whether an answer tells that it was done, to each if it was to be done to several.
fn done(answer: &Answer) -> Result<(), String> {
    let several = match answer.header("content-type") {
        "application/json" => answer.json()["results"].as_array().cloned(),
        _ => None,
    };
    let of_each = several.unwrap_or_default();
    let of_each = of_each.iter().map(|one| one["status"].as_u64().unwrap());
    match of_each.chain([answer.status.as_u16().into()]).max() {
        Some(..500) => Ok(()),
        _ => Err(answer.text()),
    }
}
