use proptest::prelude::*;

use super::*;
use crate::password::{Argon2Cost, BcryptCost, CostError, Digest, Scratch};

/// The password of every literal that does not name another.
const PASSWORD: &str = "Grüße, 世界 🔑 tr0ub4dor&3";

/// Who made the hash, and the hash. Costs are low so that the test is quick; a call like `PBKDF2PasswordHasher().encode(PASSWORD, salt, 20000)`,
/// `passlib.hash.scrypt.using(rounds=10).hash(PASSWORD)` or `bcrypt.hashpw(PASSWORD, bcrypt.gensalt(5))` in Python 3.11 made each.
const FOREIGN: [(&str, &str); 22] = [
    (
        "Django 5.2 PBKDF2PasswordHasher",
        "pbkdf2_sha256$20000$1VgYKcoMmkHNQ8sNv1rTLq$vnTy6xYN+87C29NoYpRKwwiI75MqBfx056S8EMQPbC8=",
    ),
    (
        "Django 5.2 PBKDF2SHA1PasswordHasher",
        "pbkdf2_sha1$20000$1VgYKcoMmkHNQ8sNv1rTLq$yo/WO3B0IfjxyImB7Y/2l0QK9mE=",
    ),
    (
        "Django 5.2 Argon2PasswordHasher",
        "argon2$argon2id$v=19$m=1024,t=2,p=8$UThLcGJYTWRISEt4YXlGM2VNQTRmcQ$QgURWNLynw4VFHS/uwAQy75EyUrPXfAQHdpYJnIVxRU",
    ),
    (
        "Django 5.2 BCryptSHA256PasswordHasher",
        "bcrypt_sha256$$2b$05$V2uiv/9spb31ONicd5JqBOXbTC5RANOQ0hW0mAd1GArSRJLw4ILb2",
    ),
    (
        "Django 5.2 BCryptPasswordHasher",
        "bcrypt$$2b$05$uX3ykXMDOzEb0AQYHhfyUOrdkdVXQBHK2AAYSfNrVUiCoE83L/F4e",
    ),
    (
        "Django 5.2 ScryptPasswordHasher",
        "scrypt$1024$KTc806r9au2xQ7enVJRmjP$8$5$2j7lFT6Snl2uaurJLlHHGj1KshJBsUdU5Ker7xZ1eWD8wDBmtg1fniSmhpIS2FjeNWtNUF2xg0DQxOAW6Nefng==",
    ),
    (
        "passlib 1.7.4 bcrypt_sha256, version 2",
        "$bcrypt-sha256$v=2,t=2b,r=5$cU3Qn0G8DyWxJ3uBYjwriu$VpUBdwpaRn5useWmEkXcwCAu1Lw0GmO",
    ),
    (
        "passlib 1.7.4 bcrypt_sha256, version 1",
        "$bcrypt-sha256$2b,5$w8LTVe7szdDRtfcMCWI4qe$R9JiHOfhYpl1cMqQ9bHFHl20ixZObBy",
    ),
    (
        "passlib 1.7.4 bcrypt, 2a",
        "$2a$05$EXgGHW3W/9a0JNhqOOysJeT/752ZtSTUNm3xg6/OJ32v0BVv0IASW",
    ),
    (
        "passlib 1.7.4 bcrypt, 2y",
        "$2y$05$gJ1x2GMzb/KkcC6htEeB0OKyIUgPlse8H53/BJ6.e07P4oVKTdKEa",
    ),
    (
        "passlib 1.7.4 pbkdf2_sha256",
        "$pbkdf2-sha256$2000$srYWIiRkLKV0jhGi1HpvDQ$/pqal0dLv1FfxMLuDwiHhFFO1mc1tis3MozD8yJvBiA",
    ),
    (
        "passlib 1.7.4 pbkdf2_sha512",
        "$pbkdf2-sha512$2000$pJQyhhAiZAxByPl/j9GaEw$1zhbsc9jRvI4Y/VEzzqfVXyV8qJaiQrJn2FpVjNxufD1OEF0aesqam6dJoMGgQCj1BwFDI7NfUldCkE79XfrxQ",
    ),
    (
        "passlib 1.7.4 pbkdf2_sha1",
        "$pbkdf2$2000$jPF.b805x3jvvRcCYOzdew$KZ2wQaWBCmrbDN9EunWeVO/weKU",
    ),
    (
        "passlib 1.7.4 scrypt",
        "$scrypt$ln=10,r=8,p=2$Verdu7dWKgXAuHeO8T5HqA$eVolAUu7PGLH1w8KY0Zum4zdrsb7ZKaihWzNLg9E1Jc",
    ),
    (
        "bcrypt 4.0.1 (PyPI)",
        "$2b$05$zh10OIzZgcAewJA6mEIDhetfeB7Y6L3F4s9CQ0IxmJCCyMuL.Uugu",
    ),
    (
        "argon2-cffi 25.1 argon2id",
        "$argon2id$v=19$m=256,t=2,p=3$a5oTW0oHR/hw5NygVN724g$fDW25hX6hnTK08URobotSGOuk7zeVVJs",
    ),
    (
        "argon2-cffi 25.1 argon2i",
        "$argon2i$v=19$m=256,t=2,p=3$8SqJFMDGVZF9/hmapOIjfQ$xsU5AVORC2Rc0Oo67ec2brHMCxYT/oqH",
    ),
    (
        "argon2-cffi 25.1 argon2d",
        "$argon2d$v=19$m=256,t=2,p=3$MpaNnRFveiXQWWPFnCzR6A$lad9nKwDW7k+OeGGYo+uRK8Qy+Au4UE6",
    ),
    (
        "argon2-cffi 25.1 argon2i, version 1.0, whose number was left out then",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQxMjM0$Qry8W7F0oRpu34HUSP6H6zjwEOXBDP+Q/2jPvdZv2Ws",
    ),
    (
        "hashlib.pbkdf2_hmac, as a PHC string",
        "$pbkdf2-sha256$i=1500,l=32$AAECAwQFBgcICQoLDA0ODw$PS0z/yj4ErqeCuAyXtZFwjY+2ELgmhI6FnOsGoYqk9w",
    ),
    (
        "hashlib.scrypt, as a PHC string",
        "$scrypt$ln=10,r=4,p=1$AAECAwQFBgcICQoLDA0ODw$1jpJq5a+XdHVUg1+xZfAGqEs9XmPus46mc85RSBg3NQ",
    ),
    (
        "firebase-scrypt 0.1.0 (PyPI)",
        "$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$2FA+cIcxbYgH3jsSBlQmD6nJza7XmgQAbZAFeOrjVFx9k9ffPLLqoNEDxGshwmG7pdzcrpWiPAilj7N/UPfNng==",
    ),
];

/// Does the work in the plainest way, bcrypt by the `bcrypt` crate.
pub(in crate::password) fn run(work: &Work) -> Digest {
    match work {
        Work::Bcrypt(work) => {
            let mut key = work.key().to_vec();
            key.push(0);
            key.truncate(72);
            Digest::new(::bcrypt::bcrypt(work.cost().into(), work.salt(), &key)[..23].to_vec())
        }
        Work::Other(work) => work.run(&mut Scratch::new()).unwrap(),
    }
}

fn verifies(encoded: &Encoded, password: &str) -> bool {
    let (work, expected) = encoded.verification(&Plain::parse(password).unwrap());
    expected.matches(&run(&work))
}

fn parse(text: &str) -> Result<Encoded, FormatError> {
    text.parse()
}

#[test]
fn hashes_of_other_systems_are_verified() {
    for (maker, text) in FOREIGN {
        let encoded = parse(text).unwrap_or_else(|error| panic!("{maker}: {error}"));
        assert!(verifies(&encoded, PASSWORD), "{maker}");
        assert!(!verifies(&encoded, "Grüße, 世界 🔑 tr0ub4dor&4"), "{maker}");
        assert!(!verifies(&encoded, ""), "{maker}");
        assert!(encoded.needs_upgrade(&HashingPolicy::default()), "{maker}");
    }
}

#[test]
fn the_published_example_of_firebase_is_verified() {
    // github.com/firebase/scrypt, README, user1password.
    let encoded = parse("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==").unwrap();
    assert!(verifies(&encoded, "user1password"));
    assert!(!verifies(&encoded, "user2password"));
}

#[test]
fn one_changed_character_of_the_digest_is_no_match() {
    for (maker, text) in FOREIGN {
        let at = text.len() - 8;
        let other = if text.as_bytes()[at] == b'A' {
            'B'
        } else {
            'A'
        };
        let encoded = parse(&format!("{}{other}{}", &text[..at], &text[at + 1..])).unwrap();
        assert!(!verifies(&encoded, PASSWORD), "{maker}");
    }
}

#[test]
fn bcrypt_that_saw_only_a_part_of_the_password_never_matches() {
    // bcrypt.hashpw(b"x" * 72, …): an implementation that cuts at 72 bytes would take any longer password for it.
    let short = "$2b$04$".to_owned() + &bcrypt_text(&"x".repeat(72));
    let encoded = parse(&short).unwrap();
    assert!(verifies(&encoded, &"x".repeat(72)));
    assert!(!verifies(&encoded, &"x".repeat(71)));
    assert!(!verifies(&encoded, &"x".repeat(73)));
    assert!(!verifies(&encoded, &"x".repeat(128)));
    let encoded = parse(&format!("$2b$04${}", bcrypt_text("a"))).unwrap();
    assert!(verifies(&encoded, "a"));
    // The same key for bcrypt, which repeats it with a NUL byte between.
    assert!(!verifies(&encoded, "a\0a"));
    assert!(!verifies(&encoded, "a\0"));
}

/// Salt and digest of a bcrypt at cost 4, by the `bcrypt` crate.
fn bcrypt_text(password: &str) -> String {
    let parts = ::bcrypt::hash_with_salt(password, 4, [7; 16]).unwrap();
    parts.format_for_version(::bcrypt::Version::TwoB)[7..].to_owned()
}

#[test]
fn new_hashes_verify_whatever_the_length() {
    struct Sevens;
    impl crate::port::Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }
    let bcrypt = HashingPolicy::Bcrypt {
        cost: BcryptCost::new(10).unwrap(),
    };
    let argon2 = HashingPolicy::Argon2id(Argon2Cost::new(19_456, 2, 1).unwrap());
    let bytes = |length: usize| "x".repeat(length);
    let emoji = |count: usize| "🔑".repeat(count);
    // E-34: 72, 73 and 128 bytes, and characters of four bytes each that cross the limit.
    let passwords = [
        bytes(71),
        bytes(72),
        bytes(73),
        bytes(128),
        emoji(18),
        emoji(19),
        emoji(32),
        "a".into(),
        "a\0a".into(),
    ];
    for policy in [&bcrypt, &argon2] {
        let texts: Vec<String> = passwords
            .iter()
            .map(|password| {
                let password = Plain::parse(password).unwrap();
                let (work, new) = policy.hash(&password, &Sevens);
                new.finish(&run(&work)).expose().to_owned()
            })
            .collect();
        for (index, text) in texts.iter().enumerate() {
            let encoded = parse(text).unwrap();
            assert!(!encoded.needs_upgrade(policy), "{text}");
            assert!(verifies(&encoded, &passwords[index]), "{text}");
            assert!(
                !verifies(&encoded, &passwords[(index + 1) % passwords.len()]),
                "{text}"
            );
            // One salt for all, so equal texts would mean that a part of a password did not count.
            assert!(!texts[..index].contains(text), "{text}");
        }
        let keyed = texts
            .iter()
            .filter(|text| text.starts_with("$bcrypt-sha256$v=2,t=2b,r=10$"))
            .count();
        let plain = texts
            .iter()
            .filter(|text| text.starts_with("$2b$10$"))
            .count();
        let argon2id = texts
            .iter()
            .filter(|text| text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"))
            .count();
        assert_eq!(
            (keyed, plain, argon2id),
            if policy == &bcrypt {
                (5, 4, 0)
            } else {
                (0, 0, 9)
            }
        );
    }
}

#[test]
fn our_form_for_long_passwords_is_that_of_passlib() {
    // passlib.hash.bcrypt_sha256.using(rounds=10).hash("x" * 72 + "é🔑 and more")
    let encoded = parse(
        "$bcrypt-sha256$v=2,t=2b,r=10$L08ffssaJQxXrUHs49Sfhu$bqiInqMfoxU6aMpbuw3gSAIk/8E/Tu2",
    )
    .unwrap();
    assert!(verifies(&encoded, &("x".repeat(72) + "é🔑 and more")));
    assert!(!verifies(&encoded, &("x".repeat(72) + "é🔑 and mor")));
    assert!(!encoded.needs_upgrade(&HashingPolicy::Bcrypt {
        cost: BcryptCost::new(10).unwrap()
    }));
}

#[test]
fn weaker_and_foreign_hashes_are_upgraded_and_stronger_ones_kept() {
    let bcrypt = |cost| HashingPolicy::Bcrypt {
        cost: BcryptCost::new(cost).unwrap(),
    };
    let argon2 = |m, t| HashingPolicy::Argon2id(Argon2Cost::new(m, t, 1).unwrap());
    let ours = parse("$2b$12$zh10OIzZgcAewJA6mEIDhetfeB7Y6L3F4s9CQ0IxmJCCyMuL.Uugu").unwrap();
    assert!(!ours.needs_upgrade(&bcrypt(12)) && !ours.needs_upgrade(&bcrypt(10)));
    assert!(ours.needs_upgrade(&bcrypt(13)) && ours.needs_upgrade(&argon2(19_456, 2)));
    let django =
        parse("bcrypt$$2b$12$zh10OIzZgcAewJA6mEIDhetfeB7Y6L3F4s9CQ0IxmJCCyMuL.Uugu").unwrap();
    assert!(django.needs_upgrade(&bcrypt(12)));
    let argon = |text: &str| {
        parse(&format!(
            "{text}$a5oTW0oHR/hw5NygVN724g$fDW25hX6hnTK08URobotSGOuk7zeVVJs"
        ))
        .unwrap()
    };
    let ours = argon("$argon2id$v=19$m=19456,t=2,p=1");
    assert!(!ours.needs_upgrade(&argon2(19_456, 2)));
    assert!(
        ours.needs_upgrade(&argon2(19_456, 3))
            && ours.needs_upgrade(&argon2(47_104, 1))
            && ours.needs_upgrade(&bcrypt(10))
    );
    assert!(argon("$argon2i$v=19$m=19456,t=2,p=1").needs_upgrade(&argon2(19_456, 2)));
    assert!(argon("argon2$argon2id$v=19$m=19456,t=2,p=1").needs_upgrade(&argon2(19_456, 2)));
}

#[test]
fn costs_are_checked() {
    for cost in [0, 4, 9, 17, 31] {
        assert_eq!(BcryptCost::new(cost), Err(CostError::Bcrypt(cost)));
        let quick = BcryptCost::for_tests(cost).is_ok();
        assert_eq!(quick, matches!(cost, 4..=16), "{cost}");
    }
    assert_eq!(
        HashingPolicy::default(),
        HashingPolicy::Bcrypt {
            cost: BcryptCost::new(12).unwrap()
        }
    );
    for (m, t, p) in [
        (19_455, 2, 1),
        (47_103, 1, 1),
        (12_287, 3, 1),
        (262_145, 2, 1),
        (19_456, 0, 1),
        (19_456, 2, 0),
        (19_456, 2, 17),
        (262_144, 5, 1),
    ] {
        assert!(Argon2Cost::new(m, t, p).is_err(), "{m} {t} {p}");
    }
    for (m, t, p) in [
        (19_456, 2, 1),
        (47_104, 1, 1),
        (12_288, 3, 4),
        (262_144, 4, 16),
    ] {
        assert!(Argon2Cost::new(m, t, p).is_ok(), "{m} {t} {p}");
    }
}

#[test]
fn a_decoy_is_as_dear_as_a_hash_and_matches_nothing() {
    let password = Plain::parse("anything").unwrap();
    let (work, expected) = HashingPolicy::Bcrypt {
        cost: BcryptCost::new(10).unwrap(),
    }
    .decoy(&password);
    assert!(matches!(&work, Work::Bcrypt(work) if work.cost() == 10));
    assert!(!expected.matches(&run(&work)));
}

#[test]
fn hostile_parameters_are_refused_when_the_text_is_read() {
    let bcrypt = "zh10OIzZgcAewJA6mEIDhetfeB7Y6L3F4s9CQ0IxmJCCyMuL.Uugu";
    let salted = "$AAECAwQFBgcICQoLDA0ODw$1jpJq5a+XdHVUg1+xZfAGqEs9XmPus46mc85RSBg3NQ";
    for text in [
        format!("$2b$17${bcrypt}"),
        format!("$2b$31${bcrypt}"),
        format!("$2b$03${bcrypt}"),
        format!("bcrypt$$2b$20${bcrypt}"),
        format!("$argon2id$v=19$m=4194304,t=1,p=1{salted}"),
        format!("$argon2id$v=19$m=65536,t=4294967295,p=1{salted}"),
        format!("$argon2id$v=19$m=262144,t=5,p=1{salted}"),
        format!("$argon2id$v=19$m=8,t=1,p=2{salted}"),
        format!("$argon2id$v=19$m=0,t=1,p=1{salted}"),
        format!("$scrypt$ln=21,r=8,p=1{salted}"),
        format!("$scrypt$ln=18,r=8,p=1{salted}"),
        format!("$scrypt$ln=14,r=8,p=64{salted}"),
        format!("$scrypt$ln=20,r=4294967295,p=4294967295{salted}"),
        format!("$pbkdf2-sha256$i=4000001{salted}"),
        format!("$pbkdf2-sha256$i=1{salted}"),
        format!("$pbkdf2-sha256$4294967296{salted}"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(
            matches!(
                error,
                FormatError::OutOfRange { .. } | FormatError::TooCostly | FormatError::Malformed(_)
            ),
            "{text}: {error}"
        );
    }
    assert_eq!(
        parse(&format!("$2b$17${bcrypt}")).unwrap_err().to_string(),
        "the cost is 17, accepted are 4-16"
    );
}

#[test]
fn other_texts_are_refused_with_a_reason() {
    let bcrypt = "zh10OIzZgcAewJA6mEIDhetfeB7Y6L3F4s9CQ0IxmJCCyMuL.Uugu";
    for text in [
        "",
        "$",
        "$$",
        "plain",
        "md5$salt$hash",
        "$1$salt$hash",
        "$6$salt$hash",
        "$y$j9T$salt$hash",
        "!",
        "*0",
        "{SSHA}x",
        &"$".repeat(513),
    ] {
        assert_eq!(parse(text).unwrap_err(), FormatError::Unknown, "{text}");
    }
    assert!(matches!(
        parse(&format!("$2x$05${bcrypt}")),
        Err(FormatError::Unsupported(_))
    ));
    assert!(matches!(
        parse(
            "$argon2id$v=19$m=256,t=2,p=1,keyid=AAAA$a5oTW0oHR/hw5NygVN724g$fDW25hX6hnTK08URobotSGOuk7zeVVJs"
        ),
        Err(FormatError::Unsupported(_))
    ));
    for text in [
        format!("$2b$5${bcrypt}"),
        format!("$2b$+5${bcrypt}"),
        format!("$2b$05${bcrypt}x"),
        format!("$2b$05${}", &bcrypt[1..]),
        format!("$2b$05${bcrypt}$"),
        format!("$2b$05$é{}", &bcrypt[2..]),
        format!("bcrypt$$2b$05${}", bcrypt.replace('z', "_")),
        "bcrypt$2b$05$".to_owned(),
        "$bcrypt-sha256$v=3,t=2b,r=5$cU3Qn0G8DyWxJ3uBYjwriu$VpUBdwpaRn5useWmEkXcwCAu1Lw0GmO"
            .to_owned(),
        "$bcrypt-sha256$v=2,t=2b,r=5$cU3Qn0G8DyWxJ3uBYjwriv$VpUBdwpaRn5useWmEkXcwCAu1Lw0GmO"
            .to_owned(),
        "scrypt$1000$salt$8$1$AAECAwQFBgcICQoLDA0ODw==".to_owned(),
        "pbkdf2_sha256$20000$$vnTy6xYN+87C29NoYpRKwwiI75MqBfx056S8EMQPbC8=".to_owned(),
        "pbkdf2_sha256$20000$salt$AAAA".to_owned(),
        "$argon2id$v=18$m=256,t=2,p=1$a5oTW0oHR/hw5NygVN724g$fDW25hX6hnTK08URobotSGOuk7zeVVJs"
            .to_owned(),
        "$argon2id$v=19$t=2,m=256,p=1$a5oTW0oHR/hw5NygVN724g$fDW25hX6hnTK08URobotSGOuk7zeVVJs"
            .to_owned(),
    ] {
        assert!(
            matches!(parse(&text), Err(FormatError::Malformed(_))),
            "{text}: {:?}",
            parse(&text)
        );
    }
}

proptest! {
    /// Anything at all, and anything that begins well: a value or an error, never a panic.
    #[test]
    fn reading_never_panics(
        start in proptest::sample::select(FOREIGN.map(|(_, text)| text).to_vec()),
        cut in 0_usize..200,
        tail in "\\PC{0,60}",
    ) {
        let _ = parse(&tail);
        let kept: String = start.chars().take(cut).collect();
        let _ = parse(&format!("{kept}{tail}"));
    }

    /// One character of a good text replaced by any other.
    #[test]
    fn a_damaged_text_never_panics(
        text in proptest::sample::select(FOREIGN.map(|(_, text)| text).to_vec()),
        at in any::<proptest::sample::Index>(),
        other in any::<char>(),
    ) {
        let at = at.index(text.len());
        let damaged: String = text.char_indices().map(|(place, character)| if place == at { other } else { character }).collect();
        let _ = parse(&damaged);
    }
}
