//! Databases that are used by one test after another: making the tables takes much longer than emptying them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Database, Server};

static SHELVES: Mutex<BTreeMap<Server, Shelf>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct Shelf {
    lent: usize,
    free: Vec<Shelved>,
}

struct Shelved {
    database: Database,
    /// By this it is again as it was when its tables were made.
    kept: String,
}

/// A database that nobody else uses, with its tables, until this is dropped.
pub struct Lent {
    server: Server,
    shelved: Option<Shelved>,
}

impl Lent {
    /// What the store is opened with.
    #[must_use]
    pub fn url(&self) -> &str {
        self.shelved.as_ref().map_or("", |it| &it.database.url)
    }
}

impl Server {
    /// A database as `migrate` makes it of an empty one, given its URL. When none is lent any more, all are dropped.
    pub async fn lend(self, migrate: impl AsyncFnOnce(&str)) -> Lent {
        let free = {
            let mut shelves = shelves();
            let shelf = shelves.entry(self).or_default();
            shelf.lent += 1;
            shelf.free.pop()
        };
        let mut lent = Lent {
            server: self,
            shelved: None,
        };
        let shelved = match free {
            Some(shelved) => {
                let (speak, url) = (self.speak(), &shelved.database.url);
                speak.restore(url, &shelved.kept).await;
                shelved
            }
            None => self.shelved(migrate).await,
        };
        lent.shelved = Some(shelved);
        lent
    }

    async fn shelved(self, migrate: impl AsyncFnOnce(&str)) -> Shelved {
        let variable = self.variable();
        assert!(
            std::env::var_os(variable).is_some(),
            "{variable} is not set: scripts/test-servers starts the server"
        );
        let database = self.database().unwrap();
        migrate(&database.url).await;
        let kept = self.speak().keep(&database.url).await;
        Shelved { database, kept }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let over = {
            let mut shelves = shelves();
            let shelf = shelves.entry(self.server).or_default();
            shelf.lent -= 1;
            shelf.free.extend(self.shelved.take());
            if shelf.lent == 0 {
                std::mem::take(&mut shelf.free)
            } else {
                Vec::new()
            }
        };
        drop(over);
    }
}

fn shelves() -> MutexGuard<'static, BTreeMap<Server, Shelf>> {
    SHELVES.lock().unwrap_or_else(PoisonError::into_inner)
}
