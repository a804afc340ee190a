//! `GET /api/v1/revocations/stream`

use std::time::Duration;

use ntt_auth_core::flow::{Measure, follow};
use ntt_auth_core::model::Role;
use ntt_auth_web::FeedToken;
use serde_json::json;

use super::{STREAM, TOKEN, end_of, gone, installation, service};
use crate::app::{TestApp, sqlite};

#[tokio::test]
async fn tok10_a_stream_begins_with_what_is_in_force_and_goes_on_with_what_is_new() {
    let app = installation().await;
    let ada = gone(&app, "ada").await;
    let bob = app.user("bob").await;
    let mut events = service(&app).events(STREAM, &[]).await;
    assert_eq!(events.headers["content-type"], "text/event-stream");
    assert_eq!(events.headers["cache-control"], "no-store");
    assert_eq!(events.headers["x-accel-buffering"], "no");
    let first = events.expect("snapshot").await;
    assert_eq!((first.data, first.id), (json!({ "entries": 1 }), None));
    assert_eq!(first.retry.as_deref(), Some("1000"));
    let told = events.expect("revocation").await;
    assert_eq!((told.data, told.id), (end_of(&ada), None));
    let head = events.expect("head").await;
    assert_eq!(
        head.data,
        json!({ "sequence": 1, "asOf": "2026-01-01T00:00:00.000Z", "ageMs": 0 })
    );
    assert!(head.id.unwrap().starts_with("1-"));
    bob.post_empty("/api/v1/auth/logout").await.is(204);
    let told = events.expect("revocation").await;
    assert_eq!(told.data, end_of(&bob));
    assert!(told.id.unwrap().starts_with("2-"));
}

#[tokio::test]
async fn tok10_a_stream_that_is_taken_up_again_loses_and_repeats_nothing() {
    let app = installation().await;
    let reader = service(&app);
    let mut events = reader.events(STREAM, &[]).await;
    events.expect("snapshot").await;
    let mut last = events.expect("head").await.id.unwrap();
    let mut seen = Vec::new();
    let mut ended = Vec::new();
    for index in 0..4 {
        // One while somebody listens, one while nobody does.
        ended.push(end_of(&gone(&app, &format!("a{index}")).await));
        let told = events.expect("revocation").await;
        seen.push(told.data);
        last = told.id.unwrap_or(last);
        drop(events);
        ended.push(end_of(&gone(&app, &format!("b{index}")).await));
        // The header goes before the address, in which a browser keeps where it began.
        let address = format!("{STREAM}?after=0-00000000");
        events = reader.events(&address, &[("last-event-id", &last)]).await;
        assert_eq!(events.expect("resume").await.data, json!({ "after": last }));
        assert_eq!(events.expect("head").await.id.as_ref(), Some(&last));
        let told = events.expect("revocation").await;
        seen.push(told.data);
        last = told.id.unwrap();
    }
    assert_eq!(seen, ended);
    let mut again = reader.events(&format!("{STREAM}?after={last}"), &[]).await;
    again.expect("resume").await;
    again.expect("head").await;
}

#[tokio::test]
async fn tok10_a_gap_takes_back_the_id_and_ends_the_stream() {
    let app = installation().await;
    let reader = service(&app);
    gone(&app, "ada").await;
    for (id, reason) in [
        ("1-00000001", "restored"),
        ("99-00000001", "ahead"),
        ("nonsense", "unknown"),
    ] {
        let mut events = reader.events(STREAM, &[("last-event-id", id)]).await;
        let gap = events.expect("gap").await;
        assert_eq!(gap.data, json!({ "reason": reason }));
        assert_eq!(gap.id.as_deref(), Some(""), "so that it is not sent again");
        assert_eq!(events.next().await, None);
    }
    // An empty id is none.
    let mut events = reader.events(STREAM, &[("last-event-id", "")]).await;
    events.expect("snapshot").await;
    let odd = reader.get(&format!("{STREAM}?after=nonsense")).await;
    odd.refuses_field("/after", "invalid_cursor");
}

#[tokio::test]
async fn tok10_a_reader_that_is_too_slow_finds_a_gap_and_costs_no_memory_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let app = TestApp::builder()
        .store(sqlite(&format!("sqlite:{}", path.display())).await)
        .build()
        .await;
    let admin = app.admin().await;
    let mut slow = admin.events(STREAM, &[]).await;
    let mut quick = admin.events(STREAM, &[]).await;
    for events in [&mut slow, &mut quick] {
        events.expect("snapshot").await;
        events.expect("head").await;
    }
    gone(&app, "ada").await;
    quick.expect("revocation").await;

    // Twenty thousand people sign out elsewhere.
    let direct = rusqlite::Connection::open(&path).unwrap();
    direct
        .execute_batch(
            "WITH RECURSIVE n(i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
             INSERT INTO revocations (sequence, session_id, revoked_at, expires_at) \
             SELECT i, randomblob(16), 1767225600000, 1767229210000 FROM n; \
             UPDATE revocation_counter SET latest = 20000",
        )
        .unwrap();
    let found = follow(&app.auth).await.unwrap();
    assert_eq!(found.revocations, 19_999);
    // Of all that, nothing was kept for either of them.
    let gap = slow.expect("gap").await;
    assert_eq!(gap.data, json!({ "reason": "forgotten" }));
    assert_eq!(slow.next().await, None);
    let mut again = admin.events(STREAM, &[("last-event-id", "")]).await;
    let whole = again.expect("snapshot").await;
    assert_eq!(whole.data, json!({ "entries": 20_000 }));
    for _ in 0..20_000 {
        again.expect("revocation").await;
    }
    let head = again.expect("head").await;
    assert_eq!(head.data["sequence"], 20_000);
}

#[tokio::test]
async fn tok10_a_head_tells_from_time_to_time_how_fresh_the_node_is() {
    let app = TestApp::builder()
        .settings(|settings| {
            settings.feed.token = Some(FeedToken::new(TOKEN));
            settings.feed.heartbeat = Duration::from_millis(20);
        })
        .build()
        .await;
    let mut events = service(&app).events(STREAM, &[]).await;
    events.expect("snapshot").await;
    assert_eq!(events.expect("head").await.data["ageMs"], 0);
    app.clock.advance(Duration::from_secs(7));
    loop {
        let head = events.expect("head").await;
        assert_eq!(head.data["asOf"], "2026-01-01T00:00:00.000Z");
        if head.data["ageMs"] == 7000 {
            break;
        }
    }
}

#[tokio::test]
async fn tok10_a_stream_ends_with_the_token_it_was_opened_with() {
    let app = TestApp::builder()
        .settings(|settings| settings.feed.heartbeat = Duration::from_millis(20))
        .build()
        .await;
    let open = async |admin: &crate::app::Principal| {
        let mut events = admin.events(STREAM, &[]).await;
        events.expect("snapshot").await;
        events
    };
    let code = async |mut events: crate::app::Events| {
        loop {
            let told = events.next().await.unwrap();
            if told.name == "end" {
                assert_eq!(events.next().await, None);
                return told.data["code"].as_str().unwrap().to_owned();
            }
        }
    };
    let admin = app.admin().await;
    let events = open(&admin).await;
    app.operate(admin.id(), Measure::ChangeRole(Role::User))
        .await;
    assert_eq!(code(events).await, "token_revoked");

    let root = app.super_admin().await;
    let events = open(&root).await;
    app.clock.advance(Duration::from_hours(2));
    assert_eq!(code(events).await, "token_expired");
}

#[tokio::test]
async fn tok10_a_stream_ends_when_the_server_does() {
    let app = installation().await;
    let mut events = service(&app).events(STREAM, &[]).await;
    events.expect("snapshot").await;
    events.expect("head").await;
    app.app.end_streams();
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn tok10_only_so_many_follow_at_one_time() {
    let app = TestApp::builder()
        .settings(|settings| {
            settings.feed.token = Some(FeedToken::new(TOKEN));
            settings.feed.max_streams = 2;
        })
        .build()
        .await;
    let reader = service(&app);
    let first = reader.events(STREAM, &[]).await;
    let second = reader.events(STREAM, &[]).await;
    let refused = reader.get(STREAM).await;
    refused.refuses(503, "overloaded");
    assert_eq!(refused.header("retry-after"), "5");
    let waiting = "/api/v1/revocations?after=0-00000000&wait=30";
    reader.get(waiting).await.refuses(503, "overloaded");
    drop(first);
    let mut third = reader.events(STREAM, &[]).await;
    third.expect("snapshot").await;
    drop((second, third));
}
