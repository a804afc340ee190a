//! Guesses at passwords, and what becomes of those who make them (PRO-2, E-21, E-22, E-24, E-33).

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use http::Method;
use ntt_auth_core::flow::{Measure, purge, settle_guesses};
use ntt_auth_core::model::{EventKind, Role};
use ntt_auth_core::password::HasherError;
use serde_json::{Value, json};

use crate::app::{
    Answer, Failing, Leaving, PASSWORD, Principal, Switch, TestApp, fresh, link, sqlite,
};

const LOGIN: &str = "/api/v1/auth/login";
const CHANGE: &str = "/api/v1/auth/change-password";
const WRONG: &str = "Not-the-password-1";
const ADA: &str = "ada@example.com";

async fn attempt(who: &Principal, identifier: &str, password: &str) -> Answer {
    let body = json!({ "identifier": identifier, "password": password });
    who.post(LOGIN, body).await
}

/// Wrong passwords until none is looked at any more; says how many were.
async fn guess_on(who: &Principal, identifier: &str) -> u32 {
    for count in 0..1000 {
        let answer = attempt(who, identifier, WRONG).await;
        if answer.status == 429 {
            return count;
        }
        answer.refuses(401, "invalid_credentials");
    }
    panic!("there is no end to guessing");
}

fn is_locked(answer: &Answer, wait: Duration) {
    answer.refuses(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), wait.as_secs().to_string());
}

async fn installation() -> TestApp {
    let app = TestApp::new().await;
    app.account("ada", Role::User).await;
    app
}

/// Somebody's device token, from a sign-in elsewhere.
async fn device_token(app: &TestApp) -> String {
    let answer = attempt(&app.anon().at("203.0.113.250"), ADA, PASSWORD).await;
    let tokens = answer.is(200).json();
    tokens["deviceToken"].as_str().unwrap().to_owned()
}

async fn from_device(who: &Principal, token: &str, password: &str) -> Answer {
    let body = json!({ "email": ADA, "password": password, "deviceToken": token });
    who.post(LOGIN, body).await
}

#[tokio::test]
async fn pro2_five_wrong_passwords_lock_for_that_source_and_for_longer_each_time() {
    let app = installation().await;
    let thief = app.anon();
    for minutes in [15, 30, 60] {
        assert_eq!(guess_on(&thief, ADA).await, 5);
        let wait = Duration::from_mins(minutes);
        // The right password is not looked at either.
        is_locked(&attempt(&thief, ADA, PASSWORD).await, wait);
        let elsewhere = attempt(&app.anon().at("203.0.113.9"), ADA, PASSWORD).await;
        elsewhere.is(200);
        app.clock.advance(wait);
    }
    attempt(&thief, ADA, PASSWORD).await.is(200);
    // Having been right ends the row: the next lock is a first one.
    assert_eq!(guess_on(&thief, ADA).await, 5);
    is_locked(
        &attempt(&thief, ADA, PASSWORD).await,
        Duration::from_mins(15),
    );
}

#[tokio::test]
async fn pro2_being_right_ends_the_count() {
    let app = installation().await;
    for _ in 0..5 {
        for _ in 0..4 {
            attempt(&app.anon(), ADA, WRONG)
                .await
                .refuses(401, "invalid_credentials");
        }
        attempt(&app.anon(), ADA, PASSWORD).await.is(200);
    }
}

#[tokio::test]
async fn pro2_e33_who_does_not_exist_is_locked_alike() {
    let app = installation().await;
    let suspended = app.account("suspended", Role::User).await;
    let measure = Measure::Suspend {
        until: None,
        reason: None,
    };
    app.operate(suspended.id, measure).await;
    let mut told = BTreeMap::new();
    for identifier in [
        ADA,
        "suspended@example.com",
        "nobody@example.com",
        "nobody",
        "no name",
    ] {
        let answers: Vec<_> = {
            let mut answers = Vec::new();
            for _ in 0..7 {
                let answer = attempt(&app.anon(), identifier, WRONG).await;
                let mut body = answer.json();
                body.as_object_mut().unwrap().remove("requestId");
                let mut headers = answer.headers.clone();
                headers.remove("x-request-id");
                // The length of the request id.
                headers.remove("content-length");
                let headers: BTreeMap<String, String> = headers
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect();
                answers.push((body.to_string(), headers));
            }
            answers
        };
        assert!(answers[4] != answers[5] && answers[5] == answers[6]);
        told.insert(answers, identifier);
    }
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn v6_3_1_ten_thousand_addresses_have_no_more_guesses_a_day_than_the_budget() {
    let app = installation().await;
    let token = device_token(&app).await;
    let mut guesses = 0;
    for number in 0..80 {
        let thief = app.anon().at(&format!("192.0.2.{number}"));
        let answer = attempt(&thief, ADA, WRONG).await;
        guesses += u32::from(answer.status == 401);
    }
    assert_eq!(guesses, 50);
    let stranger = app.anon().at("2001:db8::1");
    is_locked(
        &attempt(&stranger, ADA, PASSWORD).await,
        Duration::from_hours(24),
    );
    // The owner's device is not concerned, from wherever it asks, and does not refill the budget.
    let owner = app.anon().at("192.0.2.1");
    from_device(&owner, &token, PASSWORD).await.is(200);
    attempt(&stranger, ADA, PASSWORD)
        .await
        .refuses(429, "rate_limited");
    app.clock.advance(Duration::from_hours(24));
    attempt(&stranger, ADA, PASSWORD).await.is(200);
}

#[tokio::test]
async fn pro2_a_hundred_in_a_row_end_it_until_the_owner_does_something() {
    let app = installation().await;
    let token = device_token(&app).await;
    let stranger = app.anon().at("2001:db8::1");
    let exhaust = async |day: u32| {
        for number in 0..50 {
            let thief = app.anon().at(&format!("192.0.{day}.{number}"));
            attempt(&thief, ADA, WRONG)
                .await
                .refuses(401, "invalid_credentials");
        }
        app.clock.advance(Duration::from_hours(24));
    };
    exhaust(0).await;
    exhaust(1).await;
    app.clock.advance(Duration::from_hours(24 * 30));
    attempt(&stranger, ADA, PASSWORD)
        .await
        .refuses(429, "rate_limited");
    purge(&app.auth).await.unwrap();
    attempt(&stranger, ADA, PASSWORD)
        .await
        .refuses(429, "rate_limited");
    from_device(&stranger, &token, PASSWORD).await.is(200);
    attempt(&stranger, ADA, PASSWORD).await.is(200);
}

/// A hundred wrong passwords in a row, from as many addresses as that takes.
async fn guess_a_hundred_times(app: &TestApp, identifier: &str) {
    for day in 0..2 {
        for number in 0..50 {
            let thief = app.anon().at(&format!("192.0.{day}.{number}"));
            attempt(&thief, identifier, WRONG)
                .await
                .refuses(401, "invalid_credentials");
        }
        app.clock.advance(Duration::from_hours(24));
    }
    attempt(&app.anon(), identifier, WRONG)
        .await
        .refuses(429, "rate_limited");
}

#[tokio::test]
async fn pro2_who_comes_to_have_a_name_is_not_locked_by_guesses_from_before() {
    let app = installation().await;
    let signs_in = async |identifier: &str| {
        attempt(&app.anon(), identifier, PASSWORD).await.is(200);
    };
    for identifier in ["new@example.com", "newcomer"] {
        guess_a_hundred_times(&app, identifier).await;
    }
    let body = json!({ "email": "new@example.com", "username": "newcomer", "password": PASSWORD });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
    signs_in("new@example.com").await;
    signs_in("newcomer").await;

    guess_a_hundred_times(&app, "made@example.com").await;
    let body = json!({ "email": "made@example.com", "password": PASSWORD });
    let admin = app.admin().await;
    admin.post("/api/v1/users", body).await.is(201);
    signs_in("made@example.com").await;

    for identifier in ["countess", "lovelace@example.com"] {
        guess_a_hundred_times(&app, identifier).await;
    }
    let ada = app.anon().sign_in(ADA, PASSWORD).await;
    let body = json!({ "username": "countess" });
    ada.patch("/api/v1/users/me", body).await.is(200);
    signs_in("countess").await;
    app.mails().await;
    let body = json!({ "newEmail": "lovelace@example.com", "currentPassword": PASSWORD });
    ada.post("/api/v1/auth/change-email", body).await.is(202);
    let mail = app.mail().await;
    let body = json!({ "token": link(&mail.letter).1 });
    app.anon()
        .post("/api/v1/auth/confirm-email-change", body)
        .await
        .is(204);
    signs_in("lovelace@example.com").await;
}

#[tokio::test]
async fn pro2_a_lock_of_nobody_is_forgotten_at_last() {
    let app = installation().await;
    let (nobody, owner) = ("nobody@example.com", ADA);
    guess_a_hundred_times(&app, nobody).await;
    app.clock.advance(Duration::from_hours(24));
    guess_a_hundred_times(&app, owner).await;
    let day = Duration::from_hours(24);
    app.clock.advance(day * 80);
    purge(&app.auth).await.unwrap();
    for identifier in [nobody, owner] {
        is_locked(&attempt(&app.anon(), identifier, WRONG).await, day);
    }
    app.clock.advance(day * 15);
    assert!(purge(&app.auth).await.unwrap() > 0);
    attempt(&app.anon(), nobody, WRONG)
        .await
        .refuses(401, "invalid_credentials");
    is_locked(&attempt(&app.anon(), owner, WRONG).await, day);
}

#[tokio::test]
async fn pro2_a_known_device_has_five_guesses_of_its_own() {
    let app = installation().await;
    let token = device_token(&app).await;
    let home = app.anon();
    assert_eq!(guess_on(&home, ADA).await, 5);
    for _ in 0..5 {
        from_device(&home, &token, WRONG)
            .await
            .refuses(401, "invalid_credentials");
    }
    is_locked(
        &from_device(&home, &token, PASSWORD).await,
        Duration::from_mins(15),
    );
    // Whoever makes tokens up, or has one of another account, is a stranger.
    let bob = app.account("bob", Role::User).await;
    let answer = attempt(&app.anon().at("203.0.113.8"), bob.email.as_str(), PASSWORD).await;
    let bobs = answer.is(200).json()["deviceToken"]
        .as_str()
        .unwrap()
        .to_owned();
    for forged in [
        bobs.as_str(),
        "",
        "ntt_dt_",
        "ntt_dt_AAAA",
        &token[..token.len() - 1],
    ] {
        from_device(&home, forged, PASSWORD)
            .await
            .refuses(429, "rate_limited");
    }
}

#[tokio::test]
async fn e31_another_password_makes_devices_unknown() {
    let app = installation().await;
    let token = device_token(&app).await;
    let ada = app.anon().at("203.0.113.1").sign_in(ADA, PASSWORD).await;
    app.clock.advance(Duration::from_millis(1));
    let new = "Difference-Engine-1822";
    let body = json!({ "currentPassword": PASSWORD, "newPassword": new });
    ada.post(CHANGE, body).await.is(204);
    assert_eq!(guess_on(&app.anon(), ADA).await, 5);
    from_device(&app.anon(), &token, new)
        .await
        .refuses(429, "rate_limited");
}

#[tokio::test]
async fn e24_fifty_guesses_at_once_are_five() {
    let app = installation().await;
    let guesses = (0..50).map(|_| {
        let app = app.clone();
        tokio::spawn(async move { attempt(&app.anon(), ADA, WRONG).await.status.as_u16() })
    });
    let statuses: Vec<u16> = join_all(guesses)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(401), count(429)), (5, 45), "{statuses:?}");
}

#[tokio::test]
async fn e21_one_subscriber_is_one_source_however_it_is_written() {
    let app = TestApp::builder()
        .settings(|settings| settings.trusted_proxies = vec!["10.0.0.1/32".parse().unwrap()])
        .build()
        .await;
    app.account("ada", Role::User).await;
    let body = json!({ "email": ADA, "password": WRONG }).to_string();
    let ask = async |peer: &str, forwarded: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("x-forwarded-for", forwarded),
        ];
        let who = app.anon().at(peer);
        who.send_raw(Method::POST, LOGIN, &headers, body.clone())
            .await
            .status
            .as_u16()
    };
    // What a stranger says of itself makes no new source.
    for number in 0..5 {
        assert_eq!(ask("192.0.2.1", &format!("203.0.113.{number}")).await, 401);
    }
    assert_eq!(ask("192.0.2.1", "203.0.113.9").await, 429);
    assert_eq!(ask("::ffff:192.0.2.1", "").await, 429);
    assert_eq!(ask("10.0.0.1", "192.0.2.1").await, 429);
    assert_eq!(ask("10.0.0.1", "::ffff:192.0.2.1").await, 429);
    assert_eq!(ask("10.0.0.1", "203.0.113.7, 192.0.2.1").await, 429);
    for number in 0..5 {
        assert_eq!(ask(&format!("2001:db8::{number}"), "").await, 401);
    }
    assert_eq!(ask("2001:db8::ffff:1", "").await, 429);
    assert_eq!(ask("2001:db8:0:1::1", "").await, 401);
}

#[tokio::test]
async fn e33_a_lock_does_not_tell_that_two_names_are_one_person() {
    let app = TestApp::new().await;
    let body = json!({ "email": ADA, "username": "ada", "password": PASSWORD });
    app.anon().post("/api/v1/auth/register", body).await.is(201);
    let thief = app.anon();
    assert_eq!(guess_on(&thief, ADA).await, 5);
    // Under her other name there are answers as for anybody, and no further guess.
    for name in ["ada", "eve"] {
        attempt(&thief, name, PASSWORD)
            .await
            .refuses(401, "invalid_credentials");
        assert_eq!(guess_on(&thief, name).await, 4, "{name}");
    }
    attempt(&app.anon().at("203.0.113.9"), "ada", PASSWORD)
        .await
        .is(200);
}

#[tokio::test]
async fn e22_v6_2_3_a_wrong_current_password_counts_like_a_wrong_sign_in() {
    let app = installation().await;
    let ada = app.anon().sign_in(ADA, PASSWORD).await;
    let change = async |who: &Principal, current: &str| {
        let body = json!({ "currentPassword": current, "newPassword": "Difference-Engine-1822" });
        who.post(CHANGE, body).await
    };
    for _ in 0..5 {
        change(&ada, WRONG)
            .await
            .refuses_field("/currentPassword", "wrong_password");
    }
    is_locked(&change(&ada, PASSWORD).await, Duration::from_mins(15));
    // Neither another network nor the sign-in form gives a token's thief more.
    change(&ada.clone().at("203.0.113.9"), PASSWORD)
        .await
        .refuses(429, "rate_limited");
    attempt(&app.anon(), ADA, PASSWORD)
        .await
        .refuses(429, "rate_limited");
    let kinds = kinds(&app, &ada).await;
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == EventKind::PasswordRefused)
            .count(),
        5
    );
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == EventKind::AccountLocked)
            .count(),
        1
    );
    // Another of her sessions, elsewhere, is not concerned.
    let other = app.anon().at("203.0.113.1").sign_in(ADA, PASSWORD).await;
    change(&other, PASSWORD).await.is(204);
}

#[tokio::test]
async fn e22_strangers_who_guess_do_not_keep_the_owner_from_a_new_password() {
    let app = installation().await;
    let ada = app.anon().sign_in(ADA, PASSWORD).await;
    for number in 0..60 {
        attempt(&app.anon().at(&format!("192.0.2.{number}")), ADA, WRONG).await;
    }
    let body = json!({ "currentPassword": PASSWORD, "newPassword": "Difference-Engine-1822" });
    ada.post(CHANGE, body).await.is(204);
}

#[tokio::test]
async fn pro2_what_was_not_looked_at_is_not_counted() {
    let store = fresh().await;
    let overloaded = HasherError::Overloaded {
        retry_after_secs: 1,
    };
    let busy = TestApp::builder()
        .store(store.clone())
        .hasher(std::sync::Arc::new(Failing(overloaded)))
        .build()
        .await;
    for _ in 0..20 {
        attempt(&busy.anon(), ADA, PASSWORD)
            .await
            .refuses(503, "overloaded");
    }
    let app = TestApp::builder().store(store).build().await;
    app.account("ada", Role::User).await;
    attempt(&app.anon(), ADA, PASSWORD).await.is(200);
}

#[tokio::test]
async fn pro2_right_passwords_lock_nobody_out_while_the_store_goes_away() {
    let store = fresh().await;
    let settled = TestApp::builder().store(store.clone()).build().await;
    settled.account("ada", Role::User).await;
    let switch = Switch::over(store);
    let app = TestApp::builder()
        .store(switch.clone())
        .hasher(Leaving::with(switch.clone()))
        .build()
        .await;
    for _ in 0..20 {
        attempt(&app.anon(), ADA, PASSWORD)
            .await
            .refuses(503, "unavailable");
        settle_guesses(&app.auth).await.unwrap_err();
        switch.on();
        assert_eq!(settle_guesses(&app.auth).await.unwrap(), 1);
    }
    // Somebody else's guesses from there are counted as ever.
    assert_eq!(guess_on(&settled.anon(), ADA).await, 5);
}

#[tokio::test]
async fn pro2_an_administrator_unlocks() {
    let app = installation().await;
    let (admin, moderator) = (app.admin().await, app.moderator().await);
    let ada = app.anon().at("203.0.113.1").sign_in(ADA, PASSWORD).await;
    let path = format!("/api/v1/users/{}/unlock", ada.id());
    for who in [&admin, &moderator] {
        assert_eq!(guess_on(&app.anon(), ADA).await, 5);
        let user: Value = who.post_empty(&path).await.is(200).json();
        assert_eq!(user["userId"], ada.id().to_string());
        attempt(&app.anon(), ADA, PASSWORD).await.is(200);
    }
    ada.post_empty(&path).await.refuses(403, "forbidden");
    admin
        .post_empty("/api/v1/users/0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f/unlock")
        .await
        .refuses(404, "not_found");
    let kinds = kinds(&app, &ada).await;
    assert!(
        kinds.contains(&EventKind::AccountUnlocked) && kinds.contains(&EventKind::AccountLocked)
    );
}

#[tokio::test]
async fn pro2_a_lock_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("db").display());
    let app = TestApp::builder().store(sqlite(&url).await).build().await;
    app.account("ada", Role::User).await;
    assert_eq!(guess_on(&app.anon(), ADA).await, 5);
    drop(app);
    let again = TestApp::builder().store(sqlite(&url).await).build().await;
    attempt(&again.anon(), ADA, PASSWORD)
        .await
        .refuses(429, "rate_limited");
}

#[tokio::test]
async fn pro2_it_can_be_turned_off() {
    let app = TestApp::builder()
        .rules(|rules| rules.lockout.enabled = false)
        .build()
        .await;
    app.account("ada", Role::User).await;
    for _ in 0..60 {
        attempt(&app.anon(), ADA, WRONG)
            .await
            .refuses(401, "invalid_credentials");
    }
    attempt(&app.anon(), ADA, PASSWORD).await.is(200);
}

async fn kinds(app: &TestApp, who: &Principal) -> Vec<EventKind> {
    let events = app.events(who.id()).await;
    events.iter().map(|event| event.kind).collect()
}
