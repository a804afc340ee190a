use std::hint::black_box;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Digest, Input, pi};

/// How many hashes are worked on at once at most. Five states of 4.2 KB fit into a first-level cache of 32 KB and their halves into
/// sixteen registers; a sixth gains nothing.
pub const MAX_LANES: usize = 5;

/// `OrpheanBeholderScryDoubt`, the text that is encrypted in the end.
const MAGIC: [u32; 6] = [
    0x4f72_7068,
    0x6561_6e42,
    0x6568_6f6c,
    0x6465_7253,
    0x6372_7944,
    0x6f75_6274,
];

/// Hashes up to [`MAX_LANES`] inputs, which come in falling order of cost, and reports each digest with the index of its input.
pub(crate) fn run(inputs: &[Input<'_>], mut found: impl FnMut(usize, Digest)) {
    debug_assert!(inputs.len() <= MAX_LANES);
    debug_assert!(inputs.is_sorted_by(|a, b| a.cost() >= b.cost()));

    // Keys are written where they stay, and lanes are dropped where they stand: a moved value would leave a copy behind that nobody wipes.
    let mut lanes: Vec<Lane> = inputs.iter().map(Lane::without_key).collect();
    for (lane, input) in lanes.iter_mut().zip(inputs) {
        fill(&mut lane.key, input.key());
    }

    each_width(&mut lanes, &Begin);
    let mut done: u64 = 0;
    while let Some(rounds) = lanes.last().map(|cheapest| cheapest.rounds) {
        let step = Stretch {
            rounds: rounds - done,
        };
        each_width(&mut lanes, &step);
        done = rounds;
        while let Some(lane) = lanes.last_mut()
            && lane.rounds == done
        {
            let digest = lane.digest();
            lanes.truncate(lanes.len() - 1);
            found(lanes.len(), digest);
        }
    }
}

/// The state of one hash.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Lane {
    boxes: [[u32; 256]; 4],
    round_keys: [u32; 18],
    key: [u32; 18],
    salt: [u32; 18],
    rounds: u64,
}

impl Lane {
    fn without_key(input: &Input<'_>) -> Self {
        let mut salt = [0; 18];
        fill(&mut salt, input.salt().iter().copied().cycle());
        Self {
            boxes: pi::BOXES,
            round_keys: pi::ROUND_KEYS,
            key: [0; 18],
            salt,
            rounds: 1 << input.cost(),
        }
    }

    fn digest(&mut self) -> Digest {
        let mut text = MAGIC;
        for block in text.as_chunks_mut::<2>().0 {
            let (mut left, mut right) = ([block[0]], [block[1]]);
            for _ in 0..64 {
                encipher(std::array::from_mut(self), &mut left, &mut right);
            }
            *block = [left[0], right[0]];
        }
        let mut bytes = text.iter().flat_map(|word| word.to_be_bytes());
        std::array::from_fn(|_| bytes.next().unwrap_or_default())
    }
}

/// Writes the next 72 bytes as 18 words, most significant byte first.
fn fill(words: &mut [u32; 18], mut bytes: impl Iterator<Item = u8>) {
    for word in words {
        *word = u32::from_be_bytes(std::array::from_fn(|_| bytes.next().unwrap_or_default()));
    }
}

/// A step that is compiled once for each number of lanes.
trait Step {
    fn on<const N: usize>(&self, lanes: &mut [Lane; N]);
}

fn each_width(lanes: &mut [Lane], step: &impl Step) {
    if let Ok(lanes) = <&mut [Lane; 1]>::try_from(&mut *lanes) {
        step.on(lanes);
    } else if let Ok(lanes) = <&mut [Lane; 2]>::try_from(&mut *lanes) {
        step.on(lanes);
    } else if let Ok(lanes) = <&mut [Lane; 3]>::try_from(&mut *lanes) {
        step.on(lanes);
    } else if let Ok(lanes) = <&mut [Lane; 4]>::try_from(&mut *lanes) {
        step.on(lanes);
    } else if let Ok(lanes) = <&mut [Lane; 5]>::try_from(&mut *lanes) {
        step.on(lanes);
    }
}

/// The first key expansion, the only one that mixes the salt into the text as well.
struct Begin;

impl Step for Begin {
    fn on<const N: usize>(&self, lanes: &mut [Lane; N]) {
        expand::<N, true>(lanes, Key::Password);
    }
}

/// The many expansions that cost the time: key and salt in turn.
struct Stretch {
    rounds: u64,
}

impl Step for Stretch {
    fn on<const N: usize>(&self, lanes: &mut [Lane; N]) {
        for _ in 0..self.rounds {
            expand::<N, false>(lanes, Key::Password);
            expand::<N, false>(lanes, Key::Salt);
        }
    }
}

/// What an expansion mixes into the round keys.
#[derive(Clone, Copy)]
enum Key {
    Password,
    Salt,
}

/// Blowfish's key schedule on all lanes: mixes a key into the round keys, then replaces round keys and boxes by a chain of encryptions.
#[inline]
#[expect(
    clippy::indexing_slicing,
    reason = "every index is a loop counter below the length of its array"
)]
fn expand<const N: usize, const SALTED: bool>(lanes: &mut [Lane; N], key: Key) {
    for lane in lanes.iter_mut() {
        let key = match key {
            Key::Password => &lane.key,
            Key::Salt => &lane.salt,
        };
        for (round_key, word) in lane.round_keys.iter_mut().zip(key) {
            *round_key ^= word;
        }
    }
    let (mut left, mut right) = ([0; N], [0; N]);
    for pair in 0..9 {
        if SALTED {
            mix_salt(lanes, pair, &mut left, &mut right);
        }
        encipher(lanes, &mut left, &mut right);
        for (lane, (left, right)) in lanes.iter_mut().zip(left.into_iter().zip(right)) {
            lane.round_keys[2 * pair] = left;
            lane.round_keys[2 * pair + 1] = right;
        }
    }
    for table in 0..4 {
        for pair in 0..128 {
            if SALTED {
                mix_salt(lanes, pair + 1, &mut left, &mut right);
            }
            encipher(lanes, &mut left, &mut right);
            for (lane, (left, right)) in lanes.iter_mut().zip(left.into_iter().zip(right)) {
                lane.boxes[table][2 * pair] = left;
                lane.boxes[table][2 * pair + 1] = right;
            }
        }
    }
}

/// Mixes the next two of the salt's four words into the text. The ninth pair of round keys took the first two, so the boxes begin with the others.
#[expect(
    clippy::indexing_slicing,
    reason = "the salt's four words are repeated in 18"
)]
fn mix_salt<const N: usize>(
    lanes: &[Lane; N],
    pair: usize,
    left: &mut [u32; N],
    right: &mut [u32; N],
) {
    let first = 2 * (pair % 2);
    for (lane, (left, right)) in lanes.iter().zip(left.iter_mut().zip(right)) {
        *left ^= lane.salt[first];
        *right ^= lane.salt[first + 1];
    }
}

/// One Blowfish encryption on every lane, two rounds a turn, the lanes' rounds interleaved.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a call for each of the 8.5 million blocks costs a lone hash six percent"
)]
#[expect(
    clippy::indexing_slicing,
    reason = "every index is a loop counter below the length of its array"
)]
fn encipher<const N: usize>(lanes: &mut [Lane; N], left: &mut [u32; N], right: &mut [u32; N]) {
    for n in 0..N {
        left[n] ^= lanes[n].round_keys[0];
    }
    for turn in 0..8 {
        for n in 0..N {
            right[n] = keyed::<N>(right[n], lanes[n].round_keys[2 * turn + 1]);
            right[n] ^= substitute(&lanes[n].boxes, left[n]);
        }
        for n in 0..N {
            left[n] = keyed::<N>(left[n], lanes[n].round_keys[2 * turn + 2]);
            left[n] ^= substitute(&lanes[n].boxes, right[n]);
        }
    }
    for n in 0..N {
        right[n] ^= lanes[n].round_keys[17];
        std::mem::swap(&mut left[n], &mut right[n]);
    }
}

/// Mixes a round key into a half before the look-ups of the other half are done.
///
/// Left alone, the optimiser reorders the two exclusive ors and puts this one behind the look-ups, one cycle of twelve that every round waits for.
/// With one or two lanes that wait is not filled by others, and going through memory, which happens meanwhile, is cheaper.
#[inline]
fn keyed<const N: usize>(half: u32, round_key: u32) -> u32 {
    if N <= 2 {
        black_box(half ^ round_key)
    } else {
        half ^ round_key
    }
}

/// Blowfish's F: four look-ups, whose indices are bytes and so need no bounds check.
#[inline]
#[expect(
    clippy::indexing_slicing,
    reason = "a byte is a valid index of 256 entries"
)]
fn substitute(boxes: &[[u32; 256]; 4], half: u32) -> u32 {
    let [d, c, b, a] = half.to_le_bytes().map(usize::from);
    (boxes[0][a].wrapping_add(boxes[1][b]) ^ boxes[2][c]).wrapping_add(boxes[3][d])
}
