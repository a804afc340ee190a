//! bcrypt, several independent hashes at once in one thread
//!
//! One bcrypt is bound by latency: every Blowfish round waits for the table look-ups of the round before, and most of the
//! processor idles. [`hash_many`] works on up to [`MAX_LANES`] hashes in turn, round by round, so that the waits of one are the work of another.
//! A lone hash takes as long as ever; five together take little more than one and a half times as long. The cost parameter, and with it the
//! attacker's work, is untouched.
//!
//! The function is bcrypt as `$2b$` and `$2y$` define it (Provos and Mazières, "A Future-Adaptable Password Scheme", 1999, with the corrections of
//! OpenBSD 5.5): the key is the password and one NUL byte, repeated to 72 bytes. It takes bytes and gives bytes; the text form
//! `$2b$12$…` is the caller's.
//!
//! Two kinds of password would be hashed to something else than they look like, and are refused instead of being changed in silence:
//!
//! * more than [`MAX_PASSWORD`] bytes: bcrypt ignores the rest, so two passwords with the same beginning would be one;
//! * a NUL byte: C implementations stop there, and the repetition makes `"a"` and `"a\0a"` the same key.
//!
//! Keys and cipher state are wiped when a hash is done, also when its thread unwinds.

mod input;
mod kernel;
mod pi;

pub use input::{Input, InputError};
pub use kernel::MAX_LANES;

/// The longest password in bytes.
pub const MAX_PASSWORD: usize = 72;

/// The lowest and the highest cost: base-2 logarithm of the number of key expansions.
pub const COSTS: std::ops::RangeInclusive<u8> = 4..=31;

/// The result: the 23 bytes that the text form keeps of bcrypt's 24.
pub type Digest = [u8; 23];

/// Hashes one password. This thread is busy for the whole time.
///
/// ```
/// let input = ntt_auth_bcrypt::Input::new(b"correct horse", [7; 16], 4)?;
/// assert_eq!(ntt_auth_bcrypt::hash(input), ntt_auth_bcrypt::hash_many(&[input, input])[1]);
/// # Ok::<(), ntt_auth_bcrypt::InputError>(())
/// ```
pub fn hash(input: Input<'_>) -> Digest {
    let mut digest = [0; 23];
    kernel::run(&[input], |_, found| digest = found);
    digest
}

/// Hashes all inputs in this thread, up to [`MAX_LANES`] at once, and gives the digests in the order of the inputs.
///
/// Costs may differ: those of similar cost go together, and the cheaper ones of a group leave it when they are done.
pub fn hash_many(inputs: &[Input<'_>]) -> Vec<Digest> {
    let mut by_cost: Vec<(usize, Input<'_>)> = inputs.iter().copied().enumerate().collect();
    by_cost.sort_by_key(|(_, input)| std::cmp::Reverse(input.cost()));
    let (places, sorted): (Vec<usize>, Vec<Input<'_>>) = by_cost.into_iter().unzip();

    // Groups of even size: six hashes are quicker as three and three than as five and one.
    let groups = inputs.len().div_ceil(MAX_LANES).max(1);
    let width = inputs.len().div_ceil(groups).max(1);
    let mut digests = vec![[0; 23]; inputs.len()];
    for (places, group) in places.chunks(width).zip(sorted.chunks(width)) {
        kernel::run(group, |index, found| {
            if let Some(digest) = places.get(index).and_then(|place| digests.get_mut(*place)) {
                *digest = found;
            }
        });
    }
    digests
}
