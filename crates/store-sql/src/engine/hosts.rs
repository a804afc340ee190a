//! The hosts of a replicated database: one of them is used, and another when that one is gone or may only be read.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use sqlx::pool::{Pool, PoolConnection, PoolOptions};
use sqlx::{Connection, Database};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long a host may take to show that it is the one to use.
const LOOK: Duration = Duration::from_secs(2);

type Options<DB> = <<DB as Database>::Connection as Connection>::Options;
pub(super) type Answer<'c> = Pin<Box<dyn Future<Output = Result<bool, sqlx::Error>> + Send + 'c>>;

/// Whether a host may be written to.
pub(super) type IsWritable<DB> = fn(&mut <DB as Database>::Connection) -> Answer<'_>;

/// Connections to the one host that is used now.
pub(super) struct Hosts<DB: Database> {
    inner: Arc<Inner<DB>>,
}

struct Inner<DB: Database> {
    pool: ArcSwap<Pool<DB>>,
    shape: PoolOptions<DB>,
    hosts: Vec<Options<DB>>,
    used: AtomicUsize,
    is_writable: IsWritable<DB>,
    looking: Mutex<()>,
}

impl<DB: Database> Hosts<DB>
where
    Options<DB>: Clone,
{
    /// Connects to the first of `hosts` that may be written to.
    pub(super) async fn connect(
        hosts: Vec<Options<DB>>,
        shape: PoolOptions<DB>,
        is_writable: IsWritable<DB>,
    ) -> Result<Self, sqlx::Error> {
        let used = match hosts.len() {
            // The only one is told why it cannot be used when it is used.
            1 => 0,
            _ => look::<DB>(&hosts, 0, is_writable).await?,
        };
        let options = hosts.get(used).ok_or(sqlx::Error::PoolClosed)?.clone();
        let pool = shape.clone().connect_with(options).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                pool: ArcSwap::from_pointee(pool),
                shape,
                hosts,
                used: AtomicUsize::new(used),
                is_writable,
                looking: Mutex::default(),
            }),
        })
    }

    /// A connection to the host that is used now.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<DB>, sqlx::Error> {
        let pool = Pool::clone(&self.inner.pool.load());
        pool.acquire().await
    }

    /// How the host that is used now is reached.
    pub(super) fn options(&self) -> Options<DB> {
        let pool = self.inner.pool.load();
        Options::<DB>::clone(&pool.connect_options())
    }

    /// How many connections are open, and how many of these idle.
    pub(super) fn count(&self) -> (u32, u32) {
        let pool = self.inner.pool.load();
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        (pool.size(), idle)
    }

    /// Looks, beside whoever found out that the host did not answer, for one that does.
    pub(super) fn look_around(&self) {
        if self.inner.hosts.len() < 2 {
            return;
        }
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move { inner.turn().await });
    }
}

impl<DB: Database> Inner<DB>
where
    Options<DB>: Clone,
{
    async fn turn(&self) {
        let Ok(_looking) = self.looking.try_lock() else {
            return;
        };
        let used = self.used.load(Ordering::Relaxed);
        let Ok(found) = look::<DB>(&self.hosts, used, self.is_writable).await else {
            return;
        };
        let Some(options) = self.hosts.get(found).filter(|_| found != used) else {
            return;
        };
        tracing::warn!(target: "store", host = found + 1, of = self.hosts.len(), "the database is used on another of its hosts");
        let pool = self.shape.clone().connect_lazy_with(options.clone());
        self.used.store(found, Ordering::Relaxed);
        let before = self.pool.swap(Arc::new(pool));
        // Whoever waits for a connection of the old one is told at once, and what runs on it ends by itself.
        tokio::spawn(async move { before.close().await });
    }
}

/// The first host after `from`, itself included, that may be written to.
async fn look<DB: Database>(
    hosts: &[Options<DB>],
    from: usize,
    is_writable: IsWritable<DB>,
) -> Result<usize, sqlx::Error> {
    let mut last = sqlx::Error::PoolTimedOut;
    let places = (0..hosts.len()).map(|step| (from + step) % hosts.len());
    for (place, host) in places.filter_map(|place| Some((place, hosts.get(place)?))) {
        let asked = async {
            let mut connection = DB::Connection::connect_with(host).await?;
            let answer = is_writable(&mut connection).await;
            // How it ends is of no interest.
            let _ = connection.close().await;
            answer
        };
        match timeout(LOOK, asked).await {
            Ok(Ok(true)) => return Ok(place),
            Ok(Ok(false)) => {
                last =
                    sqlx::Error::Io(std::io::Error::other("none of its hosts may be written to"));
            }
            Ok(Err(error)) => last = error,
            Err(_) => {}
        }
    }
    Err(last)
}

/// The addresses that one names: each of a single host, with the same user, database and parameters.
pub(super) fn each(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return vec![url.to_owned()];
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    hosts
        .split(',')
        .map(|host| format!("{scheme}://{user}{host}{path}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_name_several_hosts() {
        assert_eq!(
            each("postgres://u:p@a:1,[::1]:2,c/db?sslmode=disable"),
            [
                "postgres://u:p@a:1/db?sslmode=disable",
                "postgres://u:p@[::1]:2/db?sslmode=disable",
                "postgres://u:p@c/db?sslmode=disable",
            ]
        );
        assert_eq!(each("mysql://a/db"), ["mysql://a/db"]);
        assert_eq!(each("mysql:a"), ["mysql:a"]);
    }
}
