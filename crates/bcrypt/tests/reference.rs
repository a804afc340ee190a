//! The kernel against published vectors, the `bcrypt` crate and the system's C implementation
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ntt_auth_bcrypt::{Digest, Input, InputError, MAX_LANES, hash, hash_many};
use proptest::prelude::*;

/// openwall `crypt_blowfish` 1.3 `wrapper.c` and pyca/bcrypt `tests/test_bcrypt.py`: those without bytes past the 72nd, NUL, or the `$2x$` fault.
const PUBLISHED: [(&[u8], &str); 19] = [
    (
        b"",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
    ),
    (
        b"U*U",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ),
    (
        b"U*U*",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
    ),
    (
        b"U*U*U",
        "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
    ),
    (
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
    (
        b"\xa3",
        "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq",
    ),
    (
        b"\xff\xff\xa3",
        "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
    ),
    (
        b"\xff\xa3345",
        "$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e",
    ),
    (
        b"\xa3ab",
        "$2y$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS",
    ),
    (
        &[0xaa; 72],
        "$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6",
    ),
    (
        &repeated(&[0xaa, 0x55]),
        "$2a$05$/OK.fbVrR/bpIqNJ5ianF.R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy",
    ),
    (
        &repeated(&[0x55, 0xaa, 0xff]),
        "$2a$05$/OK.fbVrR/bpIqNJ5ianF.9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe",
    ),
    (
        b"Kk4DQuMMfZL9o",
        "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm",
    ),
    (
        b"9IeRXmnGxMYbs",
        "$2b$04$pQ7gRO7e6wx/936oXhNjrOUNOHL1D0h1N2IDbJZYs.1ppzSof6SPy",
    ),
    (
        b"xVQVbwa1S0M8r",
        "$2b$04$SQe9knOzepOVKoYXo9xTteNYr6MBwVz4tpriJVe3PNgYufGIsgKcW",
    ),
    (
        b"Zfgr26LWd22Za",
        "$2b$04$eH8zX.q5Q.j2hO1NkVYJQOM6KxntS/ow3.YzVmFrE4t//CoF4fvne",
    ),
    (
        b"Tg4daC27epFBE",
        "$2b$04$ahiTdwRXpUG2JLRcIznxc.s1.ydaPGD372bsGs8NqyYjLY1inG5n2",
    ),
    (
        b"VFPO7YXnHQbQO",
        "$2b$04$WQp9.igoLqVr6Qk70mz6xuRxE0RttVXXdukpR9N54x17ecad34ZF6",
    ),
    (
        b"J8eHUDuxBB520",
        "$2b$04$VvlCUKbTMjaxaYJ.k5juoecpG/7IzcH1AkmqKi.lIZMVIOLClWAk.",
    ),
];

const fn repeated<const N: usize>(pattern: &[u8; N]) -> [u8; 72] {
    let mut bytes = [0; 72];
    let mut at = 0;
    while at < 72 {
        bytes[at] = pattern[at % N];
        at += 1;
    }
    bytes
}

#[test]
fn published_vectors_alone_and_together() {
    let parsed: Vec<(Input<'_>, Digest)> = PUBLISHED
        .iter()
        .map(|(password, text)| {
            let (cost, salt, digest) = decode(text);
            (Input::new(password, salt, cost).unwrap(), digest)
        })
        .collect();
    for (input, digest) in &parsed {
        assert_eq!(hash(*input), *digest, "{input:?}");
    }
    let (inputs, digests): (Vec<_>, Vec<_>) = parsed.into_iter().unzip();
    assert_eq!(hash_many(&inputs), digests);
}

#[test]
fn any_number_of_hashes_at_once() {
    assert!(hash_many(&[]).is_empty());
    let passwords: Vec<String> = (0..3 * MAX_LANES)
        .map(|n| format!("password {n}"))
        .collect();
    let inputs: Vec<Input<'_>> = passwords
        .iter()
        .zip(0..)
        .map(|(password, n)| Input::new(password.as_bytes(), [n; 16], 4 + n % 3).unwrap())
        .collect();
    let alone: Vec<Digest> = inputs.iter().copied().map(hash).collect();
    for count in 1..=inputs.len() {
        assert_eq!(hash_many(&inputs[..count]), alone[..count]);
    }
}

#[test]
fn what_bcrypt_would_change_in_silence_is_refused() {
    assert!(Input::new(&[b'a'; 72], [0; 16], 4).is_ok());
    assert_eq!(
        Input::new(&[b'a'; 73], [0; 16], 4).unwrap_err(),
        InputError::TooLong(73)
    );
    assert_eq!(
        Input::new(b"a\0b", [0; 16], 4).unwrap_err(),
        InputError::Nul
    );
    for cost in [0, 3, 32, 255] {
        assert_eq!(
            Input::new(b"a", [0; 16], cost).unwrap_err(),
            InputError::Cost(cost)
        );
    }
}

#[test]
fn a_password_is_not_printed() {
    let input = Input::new(b"hunter2", [0; 16], 4).unwrap();
    assert_eq!(format!("{input:?}"), "Input { cost: 4, .. }");
}

/// The C library's own function, through the `crypt` module that Python had until 3.12.
#[test]
fn equal_to_the_c_library() {
    let script = "import sys,warnings\nwarnings.simplefilter('ignore')\nimport crypt\nfor l in sys.stdin:\n p,s=l.rstrip('\\n').split('\\t')\n print(crypt.crypt(p,s))";
    let passwords: Vec<String> = (0..73)
        .map(|length| {
            "pÄss wörd😀"
                .chars()
                .cycle()
                .scan(0, |bytes, c| {
                    *bytes += c.len_utf8();
                    (*bytes <= length).then_some(c)
                })
                .collect()
        })
        .collect();
    let salts: Vec<[u8; 16]> = (0..73_u8)
        .map(|n| std::array::from_fn(|i| n.wrapping_mul(37) ^ u8::try_from(i * 11).unwrap()))
        .collect();
    let settings: Vec<String> = passwords
        .iter()
        .zip(&salts)
        .map(|(password, salt)| format!("{password}\t$2b$04${}\n", base64().encode(salt)))
        .collect();

    let child = Command::new("python3")
        .args(["-X", "utf8", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("not compared with the C library: there is no python3");
        return;
    };
    // A Python without the module ends before it reads; its message tells below.
    let written = child
        .stdin
        .take()
        .unwrap()
        .write_all(settings.concat().as_bytes());
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    if message.contains("No module named") {
        eprintln!("not compared with the C library: this Python has no crypt module");
        return;
    }
    assert!(output.status.success(), "{message}");
    written.unwrap();

    let answers = String::from_utf8(output.stdout).unwrap();
    if answers
        .lines()
        .all(|answer| answer == "None" || answer.starts_with('*'))
    {
        eprintln!("not compared with the C library: it has no bcrypt");
        return;
    }
    let inputs: Vec<Input<'_>> = passwords
        .iter()
        .zip(&salts)
        .map(|(password, salt)| Input::new(password.as_bytes(), *salt, 4).unwrap())
        .collect();
    let expected: Vec<Digest> = answers.lines().map(|answer| decode(answer).2).collect();
    assert_eq!(hash_many(&inputs), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn equal_to_the_bcrypt_crate(
        hashes in proptest::collection::vec(
            (proptest::collection::vec(1_u8.., 0..=72), any::<[u8; 16]>(), 4_u8..=6),
            1..=MAX_LANES + 1,
        ),
    ) {
        let inputs: Vec<Input<'_>> =
            hashes.iter().map(|(password, salt, cost)| Input::new(password, *salt, *cost).unwrap()).collect();
        for ((password, salt, cost), digest) in hashes.iter().zip(hash_many(&inputs)) {
            let mut key = password.clone();
            key.push(0);
            key.truncate(72);
            prop_assert_eq!(&bcrypt::bcrypt(u32::from(*cost), *salt, &key)[..23], &digest);
        }
    }
}

/// Cost, salt and digest of the text form.
fn decode(text: &str) -> (u8, [u8; 16], Digest) {
    let [_, _, cost, rest] = text.split('$').collect::<Vec<_>>()[..] else {
        panic!("{text} is not a bcrypt string");
    };
    let (salt, digest) = rest.split_at(22);
    (
        cost.parse().unwrap(),
        base64().decode(salt).unwrap().try_into().unwrap(),
        base64().decode(digest).unwrap().try_into().unwrap(),
    )
}

/// bcrypt's own order of the alphabet. The last character may carry bits that belong to nothing.
fn base64() -> GeneralPurpose {
    GeneralPurpose::new(
        &alphabet::BCRYPT,
        GeneralPurposeConfig::new()
            .with_encode_padding(false)
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    )
}
