//! `GET /api/v1/revocations`

use std::sync::Arc;
use std::time::Duration;

use ntt_auth_core::flow::{Measure, follow, purge};
use ntt_auth_core::model::Role;
use serde_json::{Value, json};

use super::{FEED, end_of, gone, installation, service};
use crate::app::{Answer, Switch, TestApp, sqlite};

fn cursor(answer: &Answer) -> String {
    answer.is(200).json()["nextCursor"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn entries(answer: &Answer) -> Vec<Value> {
    answer.is(200).json()["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn tok10_a_snapshot_tells_everything_in_force_and_from_where_to_go_on() {
    let app = installation().await;
    let reader = service(&app);
    let empty = reader.get(FEED).await;
    assert_eq!(
        empty.is(200).json(),
        json!({
            "snapshot": true,
            "nextCursor": "0-00000000",
            "more": false,
            "head": { "sequence": 0, "asOf": "2026-01-01T00:00:00.000Z", "ageMs": 0 },
            "entries": [],
        })
    );
    let ada = gone(&app, "ada").await;
    let bob = app.user("bob").await;
    app.operate(bob.id(), Measure::ChangeRole(Role::Moderator))
        .await;
    let user = json!({
        "kind": "user",
        "userId": bob.id().to_string(),
        "minVersion": 1,
        "expiresAt": "2026-01-01T01:00:10.000Z",
    });
    let after = reader
        .get(&format!("{FEED}?after={}", cursor(&empty)))
        .await;
    assert_eq!(entries(&after), [end_of(&ada), user.clone()]);
    assert_eq!(after.json()["snapshot"], false);
    let whole = reader.get(FEED).await;
    let told = entries(&whole);
    assert!(
        told.len() == 2 && told.contains(&end_of(&ada)) && told.contains(&user),
        "{told:?}"
    );
    assert_eq!(cursor(&whole), cursor(&after));
    assert_eq!(whole.json()["head"]["sequence"], 2);
    assert_eq!(whole.header("cache-control"), "no-store");
    let nothing = reader
        .get(&format!("{FEED}?after={}", cursor(&whole)))
        .await;
    assert_eq!(
        (entries(&nothing).len(), cursor(&nothing)),
        (0, cursor(&whole))
    );
}

#[tokio::test]
async fn tok10_suspension_deletion_and_a_new_password_are_told_as_the_end_of_sessions() {
    let app = installation().await;
    let suspend = Measure::Suspend {
        until: None,
        reason: None,
    };
    for (name, measure) in [("suspended", suspend), ("deleted", Measure::Delete)] {
        let reader = service(&app);
        let before = cursor(&reader.get(FEED).await);
        let user = app.user(name).await;
        app.operate(user.id(), measure).await;
        let told = reader.get(&format!("{FEED}?after={before}")).await;
        assert_eq!(entries(&told), [end_of(&user)], "{name}");
    }
}

#[tokio::test]
async fn tok10_pages_follow_one_another_without_loss_or_repetition() {
    let app = installation().await;
    let reader = service(&app);
    let mut place = cursor(&reader.get(FEED).await);
    let mut ended = Vec::new();
    for index in 0..5 {
        ended.push(end_of(&gone(&app, &format!("user{index}")).await));
    }
    let mut seen = Vec::new();
    for (more, count) in [(true, 2), (true, 2), (false, 1)] {
        let page = reader.get(&format!("{FEED}?after={place}&limit=2")).await;
        assert_eq!(
            (page.json()["more"].as_bool(), entries(&page).len()),
            (Some(more), count)
        );
        seen.extend(entries(&page));
        place = cursor(&page);
    }
    assert_eq!(seen, ended);
}

#[tokio::test]
async fn tok10_a_snapshot_of_thousands_is_whole() {
    let app = installation().await;
    let ada = app.user("ada").await;
    let mut sessions = Vec::new();
    for _ in 0..520 {
        let again = app
            .anon()
            .sign_in("ada@example.com", crate::app::PASSWORD)
            .await;
        sessions.push(again.session());
    }
    app.operate(ada.id(), Measure::EndSessions).await;
    let told = entries(&service(&app).get(FEED).await);
    assert_eq!(told.len(), 521);
    for session in sessions {
        assert!(
            told.iter()
                .any(|entry| entry["sessionId"] == session.to_string())
        );
    }
}

#[tokio::test]
async fn tok10_what_has_expired_is_not_told_and_no_gap_for_whoever_went_on() {
    let app = installation().await;
    let reader = service(&app);
    gone(&app, "ada").await;
    let place = cursor(&reader.get(FEED).await);
    app.clock.advance(Duration::from_hours(2));
    purge(&app.auth).await.unwrap();
    follow(&app.auth).await.unwrap();
    let whole = reader.get(FEED).await;
    assert_eq!((entries(&whole).len(), cursor(&whole)), (0, place.clone()));
    let bob = app.user("bob").await;
    bob.post_empty("/api/v1/auth/logout").await.is(204);
    let told = reader.get(&format!("{FEED}?after={place}")).await;
    assert_eq!(entries(&told)[0]["sessionId"], bob.session().to_string());
}

#[tokio::test]
async fn tok10_a_place_that_is_not_known_any_more_is_a_410() {
    let switch = Switch::over(sqlite("sqlite::memory:").await);
    let first = TestApp::builder().store(switch.clone()).build().await;
    gone(&first, "ada").await;
    gone(&first, "bob").await;
    // A node that starts later, when the first entry has expired.
    first.clock.advance(Duration::from_hours(2));
    purge(&first.auth).await.unwrap();
    gone(&first, "eve").await;
    let later = TestApp::builder()
        .store(switch.clone())
        .clock(Arc::clone(&first.clock))
        .build()
        .await;
    let root = first.super_admin().await;
    let reader = later.anon().carrying(&root);
    for place in ["0-00000000", "1-00000001", "3-00000001"] {
        let answer = reader.get(&format!("{FEED}?after={place}")).await;
        answer.refuses(410, "cursor_gone");
    }
    // A number of the future is looked for in the store; without it nobody knows.
    reader
        .get(&format!("{FEED}?after=99-00000001"))
        .await
        .refuses(410, "cursor_gone");
    switch.off();
    reader
        .get(&format!("{FEED}?after=99-00000001"))
        .await
        .refuses(503, "unavailable");
    // What is in force is told from memory.
    assert_eq!(entries(&reader.get(FEED).await).len(), 1);
}

#[tokio::test]
async fn tok10_a_node_that_is_behind_its_reader_catches_up_first() {
    let store = sqlite("sqlite::memory:").await;
    let one = TestApp::builder().store(store.clone()).build().await;
    let other = TestApp::builder()
        .store(store)
        .clock(Arc::clone(&one.clock))
        .build()
        .await;
    let admin = one.admin().await;
    let place = {
        gone(&one, "ada").await;
        cursor(&admin.get(FEED).await)
    };
    let bob = gone(&one, "bob").await;
    let there = other.anon().carrying(&admin);
    let told = there.get(&format!("{FEED}?after={place}")).await;
    assert_eq!(entries(&told), [end_of(&bob)]);
}

#[tokio::test]
async fn tok10_whoever_waits_is_told_at_once_and_with_nothing_after_the_time() {
    let app = installation().await;
    let reader = service(&app);
    let ada = app.user("ada").await;
    let place = cursor(&reader.get(FEED).await);
    let path = format!("{FEED}?after={place}&wait=30");
    let waiting = tokio::spawn({
        let (reader, path) = (reader.clone(), path.clone());
        async move { reader.get(&path).await }
    });
    ada.post_empty("/api/v1/auth/logout").await.is(204);
    let told = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    let told = told.unwrap().unwrap();
    assert_eq!(entries(&told), [end_of(&ada)]);
    let place = cursor(&told);
    let nothing = reader.get(&format!("{FEED}?after={place}&wait=1")).await;
    assert_eq!((entries(&nothing).len(), cursor(&nothing)), (0, place));
}

#[tokio::test]
async fn tok10_a_bad_query_says_what_is_wrong() {
    let app = installation().await;
    let reader = service(&app);
    for (query, field, code) in [
        ("after=105", "/after", "invalid_cursor"),
        ("after=", "/after", "invalid_cursor"),
        ("limit=0", "/limit", "out_of_range"),
        ("limit=1001", "/limit", "out_of_range"),
        ("wait=31", "/wait", "out_of_range"),
        ("since=1", "/since", "unknown_field"),
    ] {
        reader
            .get(&format!("{FEED}?{query}"))
            .await
            .refuses_field(field, code);
    }
}
