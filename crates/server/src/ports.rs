//! Time and chance of a running server: the one place that reads the system's clock and generator.

use std::io;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use ntt_auth_core::model::Timestamp;
use ntt_auth_core::port::{Clock, Entropy};

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everything else is given"
    )]
    fn now(&self) -> Timestamp {
        let millis = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}

/// The system's clock and so much more: for the profiles `development` and `test`, where time can be moved forward. What
/// it is ahead is kept in a file, so that commands beside the server and its next start live in the same time.
#[derive(Debug)]
pub struct VirtualClock {
    ahead: AtomicI64,
    file: Option<PathBuf>,
}

/// The file in the data folder that says how far the clock is ahead, in milliseconds.
pub const VIRTUAL_CLOCK_FILE: &str = "virtual-clock";

impl VirtualClock {
    /// A clock that was left in `file`; without one, or without a file at all, it begins at the system's time.
    ///
    /// # Errors
    /// If the file cannot be read or holds no number.
    pub fn open(file: Option<PathBuf>) -> io::Result<Self> {
        let ahead = match file.as_deref().map(std::fs::read_to_string) {
            Some(Ok(text)) => text.trim().parse().map_err(io::Error::other)?,
            // A data folder that is none is told of where it is made.
            Some(Err(error))
                if !matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(error);
            }
            _ => 0,
        };
        Ok(Self {
            ahead: AtomicI64::new(ahead),
            file,
        })
    }

    /// How far it is ahead of the system's clock.
    pub fn ahead(&self) -> Duration {
        let millis = self.ahead.load(Ordering::Relaxed);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    /// Moves it forward.
    ///
    /// # Errors
    /// If that cannot be kept in the file; the clock has not moved then.
    pub fn advance(&self, by: Duration) -> io::Result<()> {
        let by = i64::try_from(by.as_millis()).map_err(io::Error::other)?;
        let ahead = self.ahead.load(Ordering::Relaxed).saturating_add(by);
        self.set(ahead)
    }

    /// Sets it back to the system's time.
    ///
    /// # Errors
    /// As for [`VirtualClock::advance`].
    pub fn reset(&self) -> io::Result<()> {
        self.set(0)
    }

    fn set(&self, ahead: i64) -> io::Result<()> {
        match &self.file {
            Some(file) if ahead != 0 => std::fs::write(file, format!("{ahead}\n"))?,
            Some(file) => match std::fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
            None => {}
        }
        self.ahead.store(ahead, Ordering::Relaxed);
        Ok(())
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead.load(Ordering::Relaxed);
        Timestamp::from_millis(SystemClock.now().millis().saturating_add(ahead))
    }

    // Whoever moves the clock has not kept this node from following the others.
    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

/// The operating system's generator, through the crypto library.
#[derive(Debug, Clone, Default)]
pub struct SystemEntropy(SystemRandom);

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // It fails only before the system has gathered any entropy at boot, and a server must not go on without.
        while self.0.fill(buffer).is_err() {
            std::thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_this_century_and_draws_differ() {
        assert!(SystemClock.now() > Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
        let (mut a, mut b) = ([0; 32], [0; 32]);
        SystemEntropy::default().fill(&mut a);
        SystemEntropy::default().fill(&mut b);
        assert_ne!(a, b);
    }

    #[test]
    fn a_virtual_clock_stays_ahead_over_a_restart_until_it_is_reset() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(VIRTUAL_CLOCK_FILE);
        let clock = VirtualClock::open(Some(file.clone())).unwrap();
        clock.advance(Duration::from_hours(24)).unwrap();
        clock.advance(Duration::from_hours(24)).unwrap();
        let again = VirtualClock::open(Some(file.clone())).unwrap();
        assert_eq!(again.ahead(), Duration::from_hours(48));
        let now = SystemClock.now();
        assert!(again.now() >= now.plus(Duration::from_hours(48)));
        assert!(
            again.monotonic() < Duration::from_hours(1),
            "the time that nobody sets"
        );
        again.reset().unwrap();
        assert!(!file.exists());
        again.reset().unwrap();
        std::fs::write(&file, "soon").unwrap();
        assert!(VirtualClock::open(Some(file)).is_err());
    }
}
