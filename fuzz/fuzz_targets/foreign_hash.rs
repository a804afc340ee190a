//! The readers of stored password hashes, which an import brings in from anywhere. Nothing may panic, and what is read may not cost more than its caps.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ntt_auth_core::password::{Encoded, HashingPolicy, Plain, Work};

/// One that bcrypt takes whole, one that it would cut, one that it would end early.
static PASSWORDS: LazyLock<[Plain; 3]> = LazyLock::new(|| {
    ["password".to_owned(), "x".repeat(73), "a\0a".to_owned()]
        .map(|text| Plain::parse(&text).expect("short enough"))
});

fuzz_target!(|text: &str| {
    let Ok(encoded) = text.parse::<Encoded>() else {
        return;
    };
    assert!(
        text.len() <= 512 && text.contains('$'),
        "too much was read as a hash"
    );
    for password in PASSWORDS.iter() {
        let (work, _expected) = encoded.verification(password);
        if let Work::Bcrypt(work) = work {
            assert!((4..=16).contains(&work.cost()), "cost {}", work.cost());
            assert!(
                work.key().len() <= 72 && !work.key().contains(&0),
                "bcrypt would change this key"
            );
        }
    }
    let _weak_or_foreign = encoded.needs_upgrade(&HashingPolicy::default());
});
