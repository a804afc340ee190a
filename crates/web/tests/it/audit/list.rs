//! `GET /api/v1/audit-events`

use std::time::Duration;

use ntt_auth_core::model::Role;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp};

const EVENTS: &str = "/api/v1/audit-events";

fn sequences(list: &Value) -> Vec<i64> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["sequence"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn pro5_v16_2_1_an_event_tells_who_what_whom_when_where_and_how_it_went() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ada = app.account("ada", Role::User).await;
    let answer = app
        .anon()
        .send_raw(
            http::Method::POST,
            "/api/v1/auth/login",
            &[
                ("content-type", "application/json"),
                ("x-request-id", "web-7"),
            ],
            json!({ "email": "ada@example.com", "password": PASSWORD }).to_string(),
        )
        .await;
    let session = answer.is(200).json()["sessionId"].clone();
    let list = admin
        .get(&format!("{EVENTS}?kind=signed_in&limit=1"))
        .await
        .is(200)
        .json();
    let mut event = list["items"][0].clone();
    let id = event["eventId"].take();
    assert_eq!(id.as_str().unwrap().len(), 36);
    let agent = event["userAgent"].take();
    assert!(agent.is_string(), "{agent}");
    assert_eq!(
        event,
        json!({
            "eventId": null,
            "sequence": 4,
            "kind": "signed_in",
            "result": "success",
            "occurredAt": "2026-01-01T00:00:00.000Z",
            "actorId": ada.id.to_string(),
            "subjectId": ada.id.to_string(),
            "sessionId": session,
            "ipAddress": "198.51.100.1",
            "userAgent": null,
            "requestId": "web-7",
            "detail": "password",
            "erased": false,
        })
    );
}

#[tokio::test]
async fn pro5_events_are_filtered_and_paged_newest_first() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    app.clock.advance(Duration::from_mins(1));
    for (name, times) in [("ada", 2), ("bob", 1), ("nobody", 1)] {
        let body = json!({ "email": format!("{name}@example.com"), "password": "Wrong-Word-1843" });
        for _ in 0..times {
            app.anon()
                .at("203.0.113.9")
                .post("/api/v1/auth/login", body.clone())
                .await
                .is(401);
        }
    }
    app.clock.advance(Duration::from_mins(1));
    admin
        .post_empty(&format!("/api/v1/users/{}/suspend", bob.id()))
        .await
        .is(200);
    let list = async |query: &str| {
        sequences(&admin.get(&format!("{EVENTS}?{query}")).await.is(200).json())
    };
    let (ada_id, bob_id) = (ada.id(), bob.id());
    assert_eq!(list("").await, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(list("result=failure").await, [10, 9, 8, 7]);
    assert_eq!(list("result=failure&kind=signed_in").await, [] as [i64; 0]);
    assert_eq!(
        list("kind=sign_in_failed,user_suspended").await,
        [11, 10, 9, 8, 7]
    );
    assert_eq!(
        list(&format!("subjectId={ada_id}&result=failure")).await,
        [8, 7]
    );
    assert_eq!(list(&format!("subjectId={bob_id}")).await, [11, 9, 6, 5]);
    assert_eq!(
        list(&format!("actorId={}&kind=user_suspended", admin.id())).await,
        [11]
    );
    assert_eq!(list(&format!("sessionId={}", bob.session())).await, [6]);
    assert_eq!(list("ipAddress=203.0.113.9").await, [10, 9, 8, 7]);
    assert_eq!(list("ipAddress=::ffff:203.0.113.9").await, [10, 9, 8, 7]);
    assert_eq!(list("ipAddress=203.0.113.8").await, [] as [i64; 0]);
    assert_eq!(
        list("after=2026-01-01T00:01:00Z&before=2026-01-01T00:02:00Z").await,
        [10, 9, 8, 7]
    );
    for limit in 1..5 {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin
                .get(&format!("{EVENTS}?limit={limit}{cursor}"))
                .await
                .is(200)
                .json();
            seen.extend(sequences(&page));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], "{limit}");
    }
}

#[tokio::test]
async fn aut2_moderators_see_events_without_contact_data_and_cannot_search_for_it() {
    let app = TestApp::new().await;
    let moderator = app.moderator().await;
    let list = moderator.get(EVENTS).await.is(200).json();
    for event in list["items"].as_array().unwrap() {
        for hidden in ["ipAddress", "userAgent", "requestId"] {
            assert!(event.get(hidden).is_none(), "{event}");
        }
    }
    let refused = moderator
        .get(&format!("{EVENTS}?ipAddress=198.51.100.1"))
        .await;
    refused.refuses(403, "forbidden");
    app.user("ada")
        .await
        .get(EVENTS)
        .await
        .refuses(403, "forbidden");
    app.anon().get(EVENTS).await.refuses(401, "token_missing");
}

#[tokio::test]
async fn e38_absurd_filters_and_cursors_of_events_are_refused_by_name() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for (query, field, code) in [
        ("limit=0", "/limit", "out_of_range"),
        ("limit=201", "/limit", "out_of_range"),
        ("kind=", "/kind", "unknown_value"),
        ("kind=signed_in,", "/kind", "unknown_value"),
        ("kind=drop%20table", "/kind", "unknown_value"),
        ("result=maybe", "/result", "unknown_value"),
        ("actorId=1", "/actorId", "invalid_id"),
        (
            "subjectId=0199A6F2-7C3E-7B1D-9F52-3D1C2B4A5E6F",
            "/subjectId",
            "invalid_id",
        ),
        ("sessionId=%00", "/sessionId", "invalid_id"),
        ("ipAddress=1.2.3", "/ipAddress", "invalid_address"),
        ("ipAddress=%25", "/ipAddress", "invalid_address"),
        ("after=yesterday", "/after", "invalid_time"),
        ("before=2026-13-01T00:00:00Z", "/before", "invalid_time"),
        ("sequence=1", "/sequence", "unknown_field"),
        ("kind=signed_in&kind=signed_out", "/kind", "repeated"),
        ("cursor=x", "/cursor", "invalid_cursor"),
    ] {
        admin
            .get(&format!("{EVENTS}?{query}"))
            .await
            .refuses_field(field, code);
    }
    let page = admin.get(&format!("{EVENTS}?limit=1")).await.json();
    let cursor = page["nextCursor"].as_str().unwrap();
    for query in ["result=success&", "kind=signed_in&"] {
        let other = admin.get(&format!("{EVENTS}?{query}cursor={cursor}")).await;
        other.refuses_field("/cursor", "invalid_cursor");
    }
}
