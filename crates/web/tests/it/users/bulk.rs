//! The same done to several users (AUT-3, E-39).

use ntt_auth_core::model::{EventKind, Role, State};
use serde_json::{Value, json};

use super::USERS;
use crate::app::{Principal, TestApp};

const BULK: &str = "/api/v1/users/bulk";

async fn bulk(by: &Principal, action: &str, users: &[String], more: Value) -> Value {
    let mut body = json!({ "action": action, "userIds": users });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let answer = by.post(BULK, body).await.is(200).json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), users.len());
    for (result, user) in results.iter().zip(users) {
        assert_eq!(result["userId"], user.as_str());
    }
    assert_eq!(
        answer["succeeded"].as_u64().unwrap() + answer["failed"].as_u64().unwrap(),
        u64::try_from(users.len()).unwrap()
    );
    answer
}

fn statuses(answer: &Value) -> Vec<u64> {
    let results = answer["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect()
}

fn ids<'a>(principals: impl IntoIterator<Item = &'a Principal>) -> Vec<String> {
    principals
        .into_iter()
        .map(|one| one.id().to_string())
        .collect()
}

#[tokio::test]
async fn each_user_is_judged_and_changed_alone() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    let (peer, root) = (
        app.signed_in("peer", Role::Admin).await,
        app.super_admin().await,
    );
    let mut users = ids([&ada, &peer, &bob, &root, &admin]);
    users.push("0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f".to_owned());
    let more = json!({ "until": "2030-01-01T00:00:00Z", "reason": "Spam." });
    let answer = bulk(&admin, "suspend", &users, more).await;
    assert_eq!(statuses(&answer), [200, 403, 200, 403, 403, 404]);
    assert_eq!(
        (&answer["succeeded"], &answer["failed"]),
        (&json!(2), &json!(4))
    );
    assert_eq!(answer["results"][0]["user"]["isActive"], false);
    assert_eq!(answer["results"][1]["code"], "forbidden");
    assert!(answer["results"][1].get("user").is_none());
    ada.validate().await.refuses(401, "token_revoked");
    root.validate().await.is(200);
    let told = app.events(ada.id()).await;
    assert!(
        told.iter()
            .any(|event| event.kind == EventKind::UserSuspended && event.actor == Some(admin.id()))
    );

    let again = bulk(&admin, "suspend", &ids([&ada]), json!({})).await;
    assert_eq!(statuses(&again), [409]);
    let both = ids([&ada, &bob]);
    for (action, more, state) in [
        ("reactivate", json!({}), State::Active),
        ("change_role", json!({ "role": "moderator" }), State::Active),
        ("logout_all", json!({}), State::Active),
        ("delete", json!({}), State::Deleted),
        ("restore", json!({}), State::Active),
    ] {
        let answer = bulk(&admin, action, &both, more).await;
        assert_eq!(statuses(&answer), [200, 200], "{action}");
        let stored = app.stored(ada.id()).await;
        assert_eq!(stored.state(app.auth.now()), state, "{action}");
    }
    assert_eq!(app.stored(bob.id()).await.role, Role::Moderator);
}

#[tokio::test]
async fn aut3_a_list_gives_no_right_that_a_single_request_does_not() {
    let app = TestApp::new().await;
    let (admin, moderator) = (app.admin().await, app.moderator().await);
    let (ada, root) = (app.user("ada").await, app.super_admin().await);
    let all = ids([&ada, &admin, &moderator, &root]);
    // Nobody raises themselves or others above what they hand out, wherever in the list they stand.
    for role in ["admin", "super_admin"] {
        let answer = bulk(&admin, "change_role", &all, json!({ "role": role })).await;
        assert_eq!(statuses(&answer), [403, 403, 403, 403], "{role}");
    }
    let answer = bulk(&moderator, "suspend", &all, json!({})).await;
    assert_eq!(statuses(&answer), [200, 403, 403, 403]);
    // A moderator is shown no contact data here either.
    let shown = &answer["results"][0]["user"];
    for hidden in ["email", "phone", "metadata"] {
        assert!(shown.get(hidden).is_none(), "{shown}");
    }
    for (action, more) in [
        ("delete", json!({})),
        ("restore", json!({})),
        ("change_role", json!({ "role": "guest" })),
    ] {
        let mut body = json!({ "action": action, "userIds": ids([&ada]) });
        if let Some(role) = more.get("role") {
            body["role"] = role.clone();
        }
        moderator.post(BULK, body).await.refuses(403, "forbidden");
    }
    let user = app.user("bob").await;
    for action in ["suspend", "logout_all", "delete"] {
        let body = json!({ "action": action, "userIds": ids([&user]) });
        user.post(BULK, body).await.refuses(403, "forbidden");
    }
}

#[tokio::test]
async fn aut3_whoever_loses_their_power_in_the_list_stops_there() {
    let app = TestApp::new().await;
    let (root, heir) = (
        app.super_admin().await,
        app.signed_in("heir", Role::SuperAdmin).await,
    );
    let ada = app.user("ada").await;
    let answer = bulk(
        &root,
        "change_role",
        &ids([&root, &ada]),
        json!({ "role": "moderator" }),
    )
    .await;
    assert_eq!(statuses(&answer), [200, 403]);
    let answer = bulk(&heir, "delete", &ids([&ada, &heir]), json!({})).await;
    assert_eq!(statuses(&answer), [200, 409]);
    assert_eq!(answer["results"][1]["code"], "last_super_admin");
    let left = app.auth.store().read().users().count_super_admins().await;
    assert_eq!(left.unwrap(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_list_is_said() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ada = app.user("ada").await.id();
    let refused = async |body: Value, field: &str, code: &str| {
        admin.post(BULK, body).await.refuses_field(field, code);
    };
    refused(
        json!({ "action": "delete", "userIds": [] }),
        "/userIds",
        "out_of_range",
    )
    .await;
    let many: Vec<String> = (0..201)
        .map(|number| format!("0199a6f2-7c3e-7b1d-9f52-{number:012x}"))
        .collect();
    refused(
        json!({ "action": "delete", "userIds": many }),
        "/userIds",
        "out_of_range",
    )
    .await;
    refused(
        json!({ "action": "delete", "userIds": [ada, ada] }),
        "/userIds/1",
        "repeated",
    )
    .await;
    refused(
        json!({ "action": "delete", "userIds": ["x"] }),
        "/userIds/0",
        "invalid_id",
    )
    .await;
    refused(
        json!({ "action": "delete", "userIds": [1] }),
        "/userIds/0",
        "invalid_type",
    )
    .await;
    refused(
        json!({ "action": "erase", "userIds": [ada] }),
        "/action",
        "unknown_value",
    )
    .await;
    refused(
        json!({ "action": "delete", "userIds": [ada], "role": "user" }),
        "/role",
        "not_applicable",
    )
    .await;
    refused(
        json!({ "action": "delete", "userIds": [ada], "until": "2030-01-01T00:00:00Z" }),
        "/until",
        "not_applicable",
    )
    .await;
    refused(
        json!({ "action": "change_role", "userIds": [ada] }),
        "/role",
        "required",
    )
    .await;
    refused(
        json!({ "action": "suspend", "userIds": [ada], "until": "2020-01-01T00:00:00Z" }),
        "/until",
        "in_the_past",
    )
    .await;
    // Mass assignment.
    refused(
        json!({ "action": "logout_all", "userIds": [ada], "isSuperuser": true }),
        "/isSuperuser",
        "unknown_field",
    )
    .await;
    admin.get(&format!("{USERS}/{ada}")).await.is(200);
    assert_eq!(app.stored(ada).await.state(app.auth.now()), State::Active);
}
