//! What the rules ask of the world: the time and chance. Both are arguments so that tests can travel in time and
//! repeat a draw.

use crate::model::Timestamp;

/// Tells the time. The one place where a running server reads the system clock implements this.
pub trait Clock: Send + Sync {
    /// The current time, in milliseconds since the Unix epoch, UTC.
    fn now(&self) -> Timestamp;
}

/// Gives bytes that nobody can guess. Implemented over the operating system's generator.
pub trait Entropy: Send + Sync {
    /// Fills the whole of `buffer` with fresh random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// Draws an array of fresh random bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}
