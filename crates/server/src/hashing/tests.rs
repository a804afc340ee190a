use std::sync::Mutex;
use std::time::Duration;

use futures::future::join_all;
use ntt_auth_core::password::{Argon2Cost, BcryptCost};

use super::*;

/// Counts, so that no two salts are equal.
struct Counting(Mutex<u8>);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let mut count = self.0.lock().unwrap();
        *count = count.wrapping_add(1);
        buffer.fill(*count);
    }
}

fn quick() -> HashingPolicy {
    HashingPolicy::Bcrypt {
        cost: BcryptCost::for_tests(5).unwrap(),
    }
}

fn pool(policy: HashingPolicy) -> Arc<HashingPool> {
    let settings = Hashing {
        workers: Some(2),
        queue: 256,
        max_wait: Duration::from_mins(1),
    };
    Arc::new(HashingPool::start(policy, &settings, Arc::new(Counting(Mutex::new(0)))).unwrap())
}

fn plain(text: &str) -> Plain {
    Plain::parse(text).unwrap()
}

#[tokio::test]
async fn fifty_at_once_are_all_answered_right() {
    let pool = pool(quick());
    let passwords: Vec<String> = (0..50)
        .map(|n| format!("password {n}").repeat(1 + n % 9))
        .collect();
    let hashes = join_all(passwords.iter().map(|password| pool.hash(plain(password)))).await;
    let hashes: Vec<PasswordHash> = hashes.into_iter().collect::<Result<_, _>>().unwrap();

    let verify = |shift: usize| {
        let stored = hashes.iter().cycle().skip(shift);
        join_all(
            passwords
                .iter()
                .zip(stored)
                .map(|(password, hash)| pool.verify(plain(password), Some(hash.clone()))),
        )
    };
    for verdict in verify(0).await {
        assert_eq!(
            verdict,
            Ok(Verdict {
                matches: true,
                rehash: false
            })
        );
    }
    for verdict in verify(1).await {
        assert_eq!(
            verdict,
            Ok(Verdict {
                matches: false,
                rehash: false
            })
        );
    }
    let stats = pool.stats();
    assert_eq!(
        (stats.done, stats.waiting, stats.running, stats.refused),
        (150, 0, 0, 0)
    );
    assert!(stats.batches <= stats.done, "{stats:?}");
}

#[tokio::test]
async fn an_unknown_account_costs_a_hash_and_does_not_match() {
    let pool = pool(quick());
    let verdict = pool.verify(plain("password"), None).await;
    assert_eq!(
        verdict,
        Ok(Verdict {
            matches: false,
            rehash: false
        })
    );
    assert_eq!(pool.stats().done, 1);
}

#[tokio::test]
async fn hashes_of_all_kinds_go_through_one_queue_and_ask_to_be_renewed() {
    let argon2 = HashingPolicy::Argon2id(Argon2Cost::new(12 << 10, 3, 1).unwrap());
    let (bcrypt_pool, argon2_pool) = (pool(quick()), pool(argon2));
    let bcrypt = bcrypt_pool.hash(plain("password")).await.unwrap();
    let argon2 = argon2_pool.hash(plain("password")).await.unwrap();
    // Django 5.2: PBKDF2PasswordHasher().encode("password", "salt1234567890", 1000)
    let django = "pbkdf2_sha256$1000$salt1234567890$bEMnuuuqkwXtvYMVEFL1QUYWBCWyMozHkROLkUQRBnM=";
    let django = PasswordHash::new(django.into());
    let verify =
        |password, hash: &PasswordHash| bcrypt_pool.verify(plain(password), Some(hash.clone()));
    let all = join_all([&bcrypt, &argon2, &django].map(|hash| verify("password", hash))).await;
    let expected = [false, true, true].map(|rehash| {
        Ok(Verdict {
            matches: true,
            rehash,
        })
    });
    assert_eq!(all, expected);
    let none = join_all([&bcrypt, &argon2, &django].map(|hash| verify("passwort", hash))).await;
    assert_eq!(
        none,
        vec![
            Ok(Verdict {
                matches: false,
                rehash: false
            });
            3
        ]
    );
}

#[tokio::test]
async fn an_unreadable_hash_is_an_error_and_not_a_refusal() {
    let verdict = pool(quick())
        .verify(plain("password"), Some(PasswordHash::new("md5$x$y".into())))
        .await;
    assert!(
        matches!(verdict, Err(HasherError::Corrupt(_))),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn overload_is_refused_at_once() {
    let settings = Hashing {
        workers: Some(1),
        queue: 1,
        max_wait: Duration::from_mins(1),
    };
    // Slow enough that the second waits behind the first for as long as this test needs.
    let policy = HashingPolicy::Bcrypt {
        cost: BcryptCost::new(16).unwrap(),
    };
    let pool = HashingPool::start(policy, &settings, Arc::new(Counting(Mutex::new(0)))).unwrap();
    let mut first = Box::pin(pool.hash(plain("password")));
    while pool.stats().running == 0 {
        assert!(futures::poll!(first.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    let mut second = Box::pin(pool.hash(plain("password")));
    assert!(futures::poll!(second.as_mut()).is_pending());
    assert_eq!(
        pool.hash(plain("password")).await,
        Err(HasherError::Overloaded {
            retry_after_secs: 1
        })
    );
    assert_eq!(
        pool.stats(),
        Stats {
            waiting: 1,
            running: 1,
            batches: 1,
            refused: 1,
            ..Stats::default()
        }
    );
    // A caller that leaves makes room.
    drop(second);
    let mut third = Box::pin(pool.hash(plain("password")));
    assert!(futures::poll!(third.as_mut()).is_pending());
    assert_eq!(pool.stats().abandoned, 1);
}

#[tokio::test]
async fn v6_3_8_a_cheaper_hash_is_refused_in_one_turn_like_an_unknown_account() {
    let cheap = pool(HashingPolicy::Bcrypt {
        cost: BcryptCost::for_tests(4).unwrap(),
    });
    let stored = cheap.hash(plain("password")).await.unwrap();
    let pool = pool(HashingPolicy::Bcrypt {
        cost: BcryptCost::for_tests(8).unwrap(),
    });
    for (stored, done) in [(Some(stored), 1), (None, 2)] {
        let verdict = pool.verify(plain("passwort"), stored).await.unwrap();
        assert!(!verdict.matches);
        let stats = pool.stats();
        assert_eq!((stats.done, stats.batches), (done, done));
    }
}

#[tokio::test]
async fn closing_finishes_what_waits_and_takes_nothing_more() {
    let pool = pool(quick());
    let hashes: Vec<_> = (0..20)
        .map(|_| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.hash(plain("password")).await })
        })
        .collect();
    while pool.stats().done == 0 {
        tokio::task::yield_now().await;
    }
    pool.close().await;
    assert_eq!((pool.stats().waiting, pool.stats().running), (0, 0));
    for hash in hashes {
        assert!(hash.await.unwrap().is_ok());
    }
    assert_eq!(
        pool.verify(plain("password"), None).await,
        Err(HasherError::Closed)
    );
    // Twice is once.
    pool.close().await;
}
