//! Cursors and refresh tokens: opaque texts that come back from strangers. Nothing may panic, and nothing that this key
//! did not sign may be read; what it did sign must be read back unchanged, and by its own list alone.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ntt_auth_core::secret::RootSecret;
use ntt_auth_core::token::{Cursors, RefreshToken};

static CURSORS: LazyLock<Cursors> = LazyLock::new(|| Cursors::new(&RootSecret::new([7; 32])));

type Place = (i64, String);

fuzz_target!(|input: (&str, i64)| {
    let (text, number) = input;
    // A stranger would have to guess a MAC of 128 bits.
    assert!(
        CURSORS.decode::<Place>("users", text).is_err(),
        "a forged cursor was read"
    );
    let issued = CURSORS.encode("users", &(number, text));
    match CURSORS.decode::<Place>("users", &issued) {
        Ok(place) => assert_eq!(place, (number, text.to_owned())),
        Err(_) => assert!(issued.len() > 1024, "an issued cursor was refused"),
    }
    assert!(
        CURSORS.decode::<Place>("sessions", &issued).is_err(),
        "a cursor of another list was read"
    );
    if let Ok(token) = RefreshToken::parse(text) {
        assert!(text.starts_with("ntt_rt_") && token.generation() >= 0);
    }
});
