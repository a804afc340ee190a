//! What is written, by whom, and how much of it.

use ntt_auth_core::flow::{Actor, EndSessionOf, Measure, audit_events_after, verify_audit};
use ntt_auth_core::model::{Client, EventKind, Role, UserId};
use serde_json::json;

use crate::app::{PASSWORD, TestApp};

const EVENTS: &str = "/api/v1/audit-events";

#[tokio::test]
async fn v16_3_2_what_somebody_may_not_do_is_noted_and_bounded() {
    let app = TestApp::new().await;
    let (admin, ada) = (app.admin().await, app.user("ada").await);
    let path = format!("/api/v1/users/{}/role", admin.id());
    for _ in 0..30 {
        let body = json!({ "role": "guest" });
        ada.patch(&path, body).await.refuses(403, "forbidden");
    }
    // Nothing is noted of whoever is not signed in.
    app.anon()
        .get("/api/v1/users")
        .await
        .refuses(401, "token_missing");
    let list = admin
        .get(&format!("{EVENTS}?result=denied"))
        .await
        .is(200)
        .json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 10);
    assert_eq!(items[0]["kind"], "access_denied");
    assert_eq!(items[0]["actorId"], ada.id().to_string());
    assert_eq!(items[0]["sessionId"], ada.session().to_string());
    assert_eq!(items[0]["detail"], "PATCH /api/v1/users/{userId}/role");
    assert_eq!(items[0]["ipAddress"], "198.51.100.1");
    app.clock.advance(std::time::Duration::from_mins(1));
    ada.get("/api/v1/users").await.refuses(403, "forbidden");
    let list = admin
        .get(&format!("{EVENTS}?result=denied&limit=1"))
        .await
        .json();
    let detail = &list["items"][0]["detail"];
    assert_eq!(detail, "GET /api/v1/users (20 more were not written)");
}

#[tokio::test]
async fn v16_3_1_v16_3_3_authentications_and_replays_are_noted_with_how_they_went() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ada = app.user("ada").await;
    let body = json!({ "email": "ada@example.com", "password": "Wrong-Word-1843" });
    app.anon().post("/api/v1/auth/login", body).await.is(401);
    let refreshed = ada.refreshed().await;
    app.clock.advance(std::time::Duration::from_mins(5));
    ada.refresh().await.refuses(401, "refresh_token_reused");
    refreshed
        .refresh()
        .await
        .refuses(401, "refresh_token_invalid");
    app.anon()
        .sign_in("ada@example.com", PASSWORD)
        .await
        .post_empty("/api/v1/auth/logout")
        .await
        .is(204);
    let path = format!("{EVENTS}?subjectId={}", ada.id());
    let list = admin.get(&path).await.is(200).json();
    let told: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let word = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
            [word("kind"), word("result"), word("detail")].join(" ")
        })
        .collect();
    assert_eq!(
        told,
        [
            "session_ended success signed_out",
            "signed_in success password",
            "refresh_token_reused failure generation 0",
            "sign_in_failed failure -",
            "signed_in success password",
            "registered success operator",
        ]
    );
}

#[tokio::test]
async fn v16_4_1_what_clients_send_cannot_forge_an_event() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.account("ada", Role::User).await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD }).to_string();
    for agent in [
        "a\tb",
        "\u{9b}2K\u{9b}31mroot signed in\u{85}",
        "{\"kind\":\"role_changed\"}",
        "=cmd|' /C calc'!A0",
    ] {
        let headers = [("content-type", "application/json"), ("user-agent", agent)];
        let answer = app
            .anon()
            .send_raw(
                http::Method::POST,
                "/api/v1/auth/login",
                &headers,
                body.clone(),
            )
            .await;
        answer.is(200);
        let list = admin
            .get(&format!("{EVENTS}?kind=signed_in&limit=1"))
            .await
            .json();
        let told = list["items"][0]["userAgent"].as_str().unwrap();
        assert!(!told.chars().any(char::is_control), "{told:?}");
    }
}

#[tokio::test]
async fn v16_2_5_what_was_typed_at_a_failed_sign_in_is_not_in_the_trail() {
    let app = TestApp::new().await;
    // People type their password where their name belongs.
    let secret = "Correct-Horse-7-Battery";
    for identifier in [secret.to_owned(), format!("{secret}@example.com")] {
        let body = json!({ "identifier": identifier, "password": "Wrong-Word-1843" });
        app.anon().post("/api/v1/auth/login", body).await.is(401);
    }
    let events = audit_events_after(&app.auth, 0, 10).await.unwrap();
    assert_eq!(events.len(), 2);
    for event in events {
        assert!(!format!("{event:?}").contains("Horse"), "{event:?}");
        assert_eq!((event.subject, event.actor), (None, None));
        assert_eq!(event.ip_address.unwrap().to_string(), "198.51.100.1");
    }
}

#[tokio::test]
async fn sixteen_at_once_leave_no_gap_and_a_whole_chain() {
    let app = TestApp::new().await;
    let racers = (0..16).map(|number| {
        let app = app.clone();
        tokio::spawn(async move {
            app.user(&format!("user{number}")).await;
            let email = format!("nobody{number}@example.com");
            let body = json!({ "email": email, "password": "Wrong-Word-1843" });
            app.anon().post("/api/v1/auth/login", body).await.is(401);
        })
    });
    for racer in racers.collect::<Vec<_>>() {
        racer.await.unwrap();
    }
    let report = verify_audit(&app.auth, &[], &mut |_, _| {}).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.events, report.latest), (48, 48));
}

/// What is said of the events of a kind about a user, oldest first.
async fn details(app: &TestApp, user: UserId, kind: EventKind) -> Vec<Option<String>> {
    let events = app.events(user).await.into_iter().rev();
    events
        .filter(|event| event.kind == kind)
        .map(|event| event.detail)
        .collect()
}

#[tokio::test]
async fn who_makes_an_account_of_a_higher_role_is_noted_with_the_role() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let made = async |role: &str| {
        let body = json!({ "email": format!("{role}@example.org"), "role": role });
        let user = root.post("/api/v1/users", body).await.is(201).json();
        let id: UserId = user["userId"].as_str().unwrap().parse().unwrap();
        details(&app, id, EventKind::Registered).await
    };
    for role in ["moderator", "admin", "super_admin"] {
        assert_eq!(made(role).await, [Some(role.to_owned())]);
    }
    for role in ["guest", "user"] {
        assert_eq!(made(role).await, [None]);
    }
    let by_operator = app.account("boss", Role::Admin).await;
    assert_eq!(
        details(&app, by_operator.id, EventKind::Registered).await,
        [Some("operator, admin".to_owned())]
    );
}

#[tokio::test]
async fn what_the_operator_did_is_noted_as_theirs_whatever_else_is_said_of_it() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let end = EndSessionOf {
        actor: Actor::Operator,
        session: ada.session(),
        client: Client::default(),
    };
    end.run(&app.auth).await.unwrap();
    for measure in [
        Measure::EndSessions,
        Measure::ChangeRole(Role::Admin),
        Measure::Delete,
    ] {
        app.clock.advance(std::time::Duration::from_millis(1));
        app.operate(ada.id(), measure).await;
    }
    for (kind, told) in [
        (
            EventKind::SessionEnded,
            &["operator, ended_by_admin", "operator, all"][..],
        ),
        (EventKind::RoleChanged, &["operator, admin"]),
        (EventKind::UserDeleted, &["operator"]),
    ] {
        let told: Vec<_> = told.iter().map(|told| Some((*told).to_owned())).collect();
        assert_eq!(details(&app, ada.id(), kind).await, told);
    }
}
