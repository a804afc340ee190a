//! Figures of the connection pool, counted by the driver's events.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mongodb::event::EventHandler;
use mongodb::event::cmap::CmapEvent;

/// Connections to all servers of the replica set together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolFigures {
    /// Open, idle ones too.
    pub open: u64,
    /// Somebody's just now.
    pub in_use: u64,
    /// Operations that wait for a connection.
    pub waiting: u64,
}

#[derive(Debug, Default)]
struct Counters {
    open: AtomicI64,
    in_use: AtomicI64,
    waiting: AtomicI64,
}

/// Counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Counters>);

impl Pool {
    /// What the driver tells its events.
    pub(crate) fn handler(&self) -> EventHandler<CmapEvent> {
        let counters = Arc::clone(&self.0);
        EventHandler::callback(move |event| counters.note(&event))
    }

    pub(crate) fn figures(&self) -> PoolFigures {
        // Events of two connections may overtake each other by a moment.
        let read =
            |counter: &AtomicI64| u64::try_from(counter.load(Ordering::Relaxed)).unwrap_or(0);
        PoolFigures {
            open: read(&self.0.open),
            in_use: read(&self.0.in_use),
            waiting: read(&self.0.waiting),
        }
    }
}

impl Counters {
    fn note(&self, event: &CmapEvent) {
        let add = |counter: &AtomicI64, number| {
            counter.fetch_add(number, Ordering::Relaxed);
        };
        match event {
            CmapEvent::ConnectionCreated(_) => add(&self.open, 1),
            CmapEvent::ConnectionClosed(_) => add(&self.open, -1),
            CmapEvent::ConnectionCheckoutStarted(_) => add(&self.waiting, 1),
            CmapEvent::ConnectionCheckoutFailed(_) => add(&self.waiting, -1),
            CmapEvent::ConnectionCheckedOut(_) => {
                add(&self.waiting, -1);
                add(&self.in_use, 1);
            }
            CmapEvent::ConnectionCheckedIn(_) => add(&self.in_use, -1),
            _ => {}
        }
    }
}
