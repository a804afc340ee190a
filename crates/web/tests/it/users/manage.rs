//! Managing accounts (AUT-3, ACC-10).

use std::time::Duration;

use futures::future::join_all;
use ntt_auth_core::model::{EventKind, Role};
use serde_json::{Value, json};

use super::{USERS, path};
use crate::app::{PASSWORD, Principal, TestApp};

#[tokio::test]
async fn admins_create_users_below_their_own_role() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let root = app.super_admin().await;
    for (index, role) in ["guest", "user", "moderator"].into_iter().enumerate() {
        let body = json!({ "email": format!("n{index}@example.com"), "password": PASSWORD, "role": role, "firstName": "N" });
        let answer = admin.post(USERS, body).await;
        let user = answer.is(201).json();
        assert_eq!(
            (&user["role"], &user["firstName"]),
            (&json!(role), &json!("N"))
        );
        assert_eq!(
            answer.header("location"),
            format!("{USERS}/{}", user["userId"].as_str().unwrap())
        );
        let events = app
            .events(user["userId"].as_str().unwrap().parse().unwrap())
            .await;
        assert_eq!(
            (events[0].kind, events[0].actor),
            (EventKind::Registered, Some(admin.id()))
        );
    }
    for role in ["admin", "super_admin"] {
        let body =
            json!({ "email": format!("{role}2@example.com"), "password": PASSWORD, "role": role });
        admin
            .post(USERS, body.clone())
            .await
            .refuses(403, "forbidden");
        root.post(USERS, body).await.is(201);
    }
    admin
        .post(USERS, json!({ "email": "n0@example.com" }))
        .await
        .refuses_field("/email", "taken");
    admin
        .post(USERS, json!({ "email": "n9@example.com", "role": "root" }))
        .await
        .refuses_field("/role", "unknown_value");
    admin
        .post(
            USERS,
            json!({ "email": "n9@example.com", "isActive": true }),
        )
        .await
        .refuses_field("/isActive", "unknown_field");
    admin
        .post(
            USERS,
            json!({ "email": "n9@example.com", "password": "abc" }),
        )
        .await
        .refuses(422, "validation_failed");
    // Without a password nobody signs in by one.
    let user = admin
        .post(USERS, json!({ "email": "n9@example.com" }))
        .await
        .is(201)
        .json();
    assert_eq!(user["role"], "user");
    let body = json!({ "email": "n9@example.com", "password": "" });
    app.anon()
        .post("/api/v1/auth/login", body)
        .await
        .refuses(401, "invalid_credentials");
}

#[tokio::test]
async fn acc10_the_states_of_an_account_follow_one_another() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ada = app.user("ada").await;
    let act = async |verb: &str| admin.post_empty(&path(&ada, verb)).await;
    act("/reactivate").await.refuses(409, "conflict");
    act("/restore").await.refuses(409, "conflict");
    assert_eq!(act("/suspend").await.is(200).json()["isActive"], false);
    act("/suspend").await.refuses(409, "conflict");
    assert_eq!(act("/reactivate").await.is(200).json()["isActive"], true);
    app.clock.advance(Duration::from_millis(1));
    admin.delete(&path(&ada, "")).await.is(204);
    admin
        .delete(&path(&ada, ""))
        .await
        .refuses(404, "not_found");
    for verb in ["/suspend", "/reactivate", "/logout-all"] {
        act(verb).await.refuses(404, "not_found");
    }
    admin
        .patch(&path(&ada, ""), json!({ "firstName": "Ada" }))
        .await
        .refuses(404, "not_found");
    admin
        .patch(&path(&ada, "/role"), json!({ "role": "moderator" }))
        .await
        .refuses(404, "not_found");
    let deleted = admin.get(&path(&ada, "")).await.is(200).json();
    assert_eq!(
        (&deleted["deletedAt"], &deleted["isActive"]),
        (&json!("2026-01-01T00:00:00.001Z"), &json!(false))
    );
    app.moderator()
        .await
        .get(&path(&ada, ""))
        .await
        .refuses(404, "not_found");
    act("/restore").await.is(200);
    act("/restore").await.refuses(409, "conflict");
    let kinds: Vec<EventKind> = app
        .events(ada.id())
        .await
        .iter()
        .map(|event| event.kind)
        .rev()
        .collect();
    let expected = [
        EventKind::Registered,
        EventKind::SignedIn,
        EventKind::UserSuspended,
        EventKind::UserReactivated,
        EventKind::UserDeleted,
        EventKind::UserRestored,
    ];
    let mut sorted = kinds.clone();
    sorted.sort_by_key(|kind| expected.iter().position(|other| other == kind));
    assert_eq!(sorted, expected, "{kinds:?}");
}

#[tokio::test]
async fn what_a_suspension_is_told_is_checked() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ada = app.user("ada").await;
    let suspend = async |body: Value| admin.post(&path(&ada, "/suspend"), body).await;
    suspend(json!({ "until": "tomorrow" }))
        .await
        .refuses_field("/until", "invalid_time");
    suspend(json!({ "until": "2025-12-31T23:59:59Z" }))
        .await
        .refuses_field("/until", "in_the_past");
    suspend(json!({ "until": "2026-01-01T00:00:00Z" }))
        .await
        .refuses_field("/until", "in_the_past");
    suspend(json!({ "until": 1 }))
        .await
        .refuses_field("/until", "invalid_type");
    suspend(json!({ "reason": "x".repeat(501) }))
        .await
        .refuses_field("/reason", "too_long");
    suspend(json!({ "reason": "a\u{0}b" }))
        .await
        .refuses_field("/reason", "invalid_characters");
    suspend(json!({ "days": 3 }))
        .await
        .refuses_field("/days", "unknown_field");
    ada.validate().await.is(200);
    suspend(json!({ "until": null, "reason": "Spam,\nagain." }))
        .await
        .is(200);
    let stored = app.stored(ada.id()).await.standing.suspension.unwrap();
    assert_eq!(
        (stored.until, stored.reason.as_deref()),
        (None, Some("Spam,\nagain."))
    );
}

#[tokio::test]
async fn a_users_sessions_are_shown_and_ended_by_who_manages_them() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ada = app.user("ada").await;
    let list = admin.get(&path(&ada, "/sessions")).await.is(200).json();
    assert_eq!(list["items"][0]["sessionId"], ada.session().to_string());
    assert_eq!(list["items"][0]["current"], false);
    let own = ada.get(&path(&ada, "/sessions")).await.is(200).json();
    assert_eq!(own["items"][0]["current"], true);
    admin.post_empty(&path(&ada, "/logout-all")).await.is(204);
    ada.validate().await.refuses(401, "token_revoked");
    assert_eq!(
        admin.get(&path(&ada, "/sessions")).await.json()["items"],
        json!([])
    );
}

#[tokio::test]
async fn what_is_no_id_of_a_user_is_not_found() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let unknown = "0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f";
    for id in [
        unknown,
        "1",
        "%00",
        "..%2fme",
        "'%20OR%201=1",
        "ME",
        "0199A6F2-7C3E-7B1D-9F52-3D1C2B4A5E6F",
    ] {
        admin
            .get(&format!("{USERS}/{id}"))
            .await
            .refuses(404, "not_found");
        admin
            .patch(&format!("{USERS}/{id}"), json!({}))
            .await
            .refuses(404, "not_found");
        admin
            .delete(&format!("{USERS}/{id}"))
            .await
            .refuses(404, "not_found");
        admin
            .patch(&format!("{USERS}/{id}/role"), json!({ "role": "user" }))
            .await
            .refuses(404, "not_found");
        admin
            .get(&format!("{USERS}/{id}/sessions"))
            .await
            .refuses(404, "not_found");
        for verb in ["suspend", "reactivate", "restore", "logout-all"] {
            admin
                .post_empty(&format!("{USERS}/{id}/{verb}"))
                .await
                .refuses(404, "not_found");
        }
    }
}

#[tokio::test]
async fn aut3_the_last_super_admin_stays() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    root.patch(&path(&root, "/role"), json!({ "role": "user" }))
        .await
        .refuses(409, "last_super_admin");
    root.delete("/api/v1/users/me")
        .await
        .refuses(409, "last_super_admin");
    root.delete(&path(&root, ""))
        .await
        .refuses(409, "last_super_admin");
    root.validate().await.is(200);
    app.account("heir", Role::SuperAdmin).await;
    root.delete("/api/v1/users/me").await.is(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aut3_two_super_admins_who_demote_each_other_leave_one() {
    for round in 0..8 {
        let app = TestApp::new().await;
        let one = app.super_admin().await;
        let two = app.signed_in("two", Role::SuperAdmin).await;
        let demote = |by: Principal, target: String| {
            tokio::spawn(async move {
                by.patch(&target, json!({ "role": "user" }))
                    .await
                    .status
                    .as_u16()
            })
        };
        let answers = if round % 2 == 0 {
            join_all([
                demote(one.clone(), path(&two, "/role")),
                demote(two.clone(), path(&one, "/role")),
            ])
            .await
        } else {
            join_all([
                demote(one.clone(), path(&one, "/role")),
                demote(two.clone(), path(&two, "/role")),
            ])
            .await
        };
        let answers: Vec<u16> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(
            answers.iter().filter(|status| **status == 200).count(),
            1,
            "{answers:?}"
        );
        let left = app
            .auth
            .store()
            .read()
            .users()
            .count_super_admins()
            .await
            .unwrap();
        assert_eq!(left, 1, "{answers:?}");
    }
}
