//! Listing users (AUT-2, E-38).

use std::time::Duration;

use ntt_auth_core::model::Role;
use serde_json::{Value, json};

use super::{USERS, path};
use crate::app::{Principal, TestApp};

fn emails(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|user| user["email"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_list_is_paged_and_each_user_appears_once() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for index in 0..7 {
        app.clock
            .advance(Duration::from_millis(if index % 2 == 0 { 0 } else { 1000 }));
        app.account(&format!("u{index}"), Role::User).await;
    }
    for query in [
        "limit=3",
        "limit=3&order=desc",
        "limit=3&sort=email",
        "limit=3&sort=lastLoginAt&order=desc",
        "limit=1",
    ] {
        let whole = emails(
            &admin
                .get(
                    &format!("{USERS}?{query}&limit=200")
                        .replace("limit=3&", "")
                        .replace("limit=1&", ""),
                )
                .await
                .is(200)
                .json(),
        );
        assert_eq!(whole.len(), 8, "{query}");
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = admin
                .get(&format!("{USERS}?{query}{cursor}"))
                .await
                .is(200)
                .json();
            seen.extend(emails(&page));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, whole, "{query}");
    }
    let by_email = emails(&admin.get(&format!("{USERS}?sort=email")).await.json());
    assert!(by_email.is_sorted());
}

#[tokio::test]
async fn a_page_is_not_shifted_by_who_comes_before_it() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    for name in ["b", "d", "f", "h"] {
        app.account(name, Role::User).await;
    }
    let first = admin
        .get(&format!("{USERS}?sort=email&limit=2"))
        .await
        .json();
    assert_eq!(emails(&first), ["admin@example.com", "b@example.com"]);
    app.account("a", Role::User).await;
    app.account("c", Role::User).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = admin
        .get(&format!("{USERS}?sort=email&limit=2&cursor={cursor}"))
        .await
        .json();
    assert_eq!(emails(&second), ["c@example.com", "d@example.com"]);
}

#[tokio::test]
async fn the_filters_hold_together() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    app.clock.advance(Duration::from_hours(24));
    let late = app.account("adele", Role::Moderator).await;
    ada.patch("/api/v1/users/me", json!({ "username": "Countess" }))
        .await
        .refuses(401, "token_expired");
    let ada = ada.refreshed().await;
    ada.patch("/api/v1/users/me", json!({ "username": "Countess" }))
        .await
        .is(200);
    let admin = admin.refreshed().await;
    admin.post_empty(&path(&bob, "/suspend")).await.is(200);
    let list = async |query: &str| {
        emails(
            &admin
                .get(&format!("{USERS}?sort=email&{query}"))
                .await
                .is(200)
                .json(),
        )
    };

    assert_eq!(
        list("q=AD").await,
        ["ada@example.com", "adele@example.com", "admin@example.com"]
    );
    assert_eq!(list("q=countess").await, ["ada@example.com"]);
    assert_eq!(list("q=ａｄ&role=moderator").await, ["adele@example.com"]);
    assert_eq!(list("q=%25").await, [] as [&str; 0]);
    assert_eq!(list("q=_da").await, [] as [&str; 0]);
    assert_eq!(
        list("role=user").await,
        ["ada@example.com", "bob@example.com"]
    );
    assert_eq!(list("role=user&isActive=true").await, ["ada@example.com"]);
    assert_eq!(list("isActive=false").await, ["bob@example.com"]);
    assert_eq!(list("isEmailVerified=true").await, [] as [&str; 0]);
    assert_eq!(
        list("isEmailVerified=false&role=admin").await,
        ["admin@example.com"]
    );
    assert_eq!(
        list("createdAfter=2026-01-01T12:00:00Z").await,
        ["adele@example.com"]
    );
    assert_eq!(
        list("createdBefore=2026-01-01T12:00:00%2B09:00&role=user").await,
        ["ada@example.com", "bob@example.com"]
    );

    admin.delete(&format!("{USERS}/{}", late.id)).await.is(204);
    assert_eq!(list("q=adele").await, [] as [&str; 0]);
    assert_eq!(
        list("q=adele&includeDeleted=true").await,
        ["adele@example.com"]
    );
    assert_eq!(
        list("includeDeleted=true&isActive=false").await,
        ["adele@example.com", "bob@example.com"]
    );
}

#[tokio::test]
async fn e38_absurd_limits_sorts_and_cursors_are_refused_by_name() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.account("ada", Role::User).await;
    let cases = [
        ("limit=0", "/limit", "out_of_range"),
        ("limit=201", "/limit", "out_of_range"),
        ("limit=4294967295", "/limit", "out_of_range"),
        ("limit=4294967296", "/limit", "invalid_type"),
        ("limit=-1", "/limit", "invalid_type"),
        ("limit=", "/limit", "invalid_type"),
        ("limit=1e2", "/limit", "invalid_type"),
        ("limit=%00", "/limit", "invalid_type"),
        ("sort=password", "/sort", "unknown_value"),
        ("sort=email;drop%20table%20users", "/sort", "unknown_value"),
        ("sort=created_at", "/sort", "unknown_value"),
        ("order=up", "/order", "unknown_value"),
        ("role=root", "/role", "unknown_value"),
        ("isActive=1", "/isActive", "invalid_type"),
        ("isActive=", "/isActive", "invalid_type"),
        ("createdAfter=yesterday", "/createdAfter", "invalid_time"),
        (
            "createdBefore=2026-13-01T00:00:00Z",
            "/createdBefore",
            "invalid_time",
        ),
        ("page=2", "/page", "unknown_field"),
        ("email=a", "/email", "unknown_field"),
        ("limit=1&limit=2", "/limit", "repeated"),
        ("cursor=", "/cursor", "invalid_cursor"),
        ("cursor=x", "/cursor", "invalid_cursor"),
        ("cursor=%00%ff", "/cursor", "invalid_cursor"),
    ];
    for (query, field, code) in cases {
        let answer = admin.get(&format!("{USERS}?{query}")).await;
        assert_eq!(
            answer.mistakes(),
            [(field.to_owned(), code.to_owned())],
            "{query}: {}",
            answer.text()
        );
        answer.refuses(422, "validation_failed");
    }
    let long = format!("{USERS}?q={}", "x".repeat(255));
    admin.get(&long).await.refuses_field("/q", "too_long");
    let long = format!("{USERS}?cursor={}", "A".repeat(5000));
    admin
        .get(&long)
        .await
        .refuses_field("/cursor", "invalid_cursor");
}

#[tokio::test]
async fn e38_a_cursor_holds_for_its_own_list_and_installation_alone() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    app.account("ada", Role::User).await;
    let page = admin
        .get(&format!("{USERS}?limit=1&sort=email"))
        .await
        .json();
    let cursor = page["nextCursor"].as_str().unwrap().to_owned();
    let refused = async |query: String| {
        admin
            .get(&format!("{USERS}?{query}"))
            .await
            .refuses_field("/cursor", "invalid_cursor");
    };
    refused(format!("limit=1&cursor={cursor}")).await;
    refused(format!("limit=1&sort=email&order=desc&cursor={cursor}")).await;
    refused(format!("limit=1&sort=email&role=user&cursor={cursor}")).await;
    refused(format!(
        "limit=1&sort=email&includeDeleted=true&cursor={cursor}"
    ))
    .await;
    for at in 0..cursor.len() {
        let mut forged = cursor.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        refused(format!("limit=1&sort=email&cursor={forged}")).await;
        refused(format!("limit=1&sort=email&cursor={}", &cursor[..at])).await;
    }
    admin
        .get(&format!("{USERS}?limit=200&sort=email&cursor={cursor}"))
        .await
        .is(200);
}

#[tokio::test]
async fn aut2_moderators_see_no_contact_data_and_cannot_search_for_it() {
    let app = TestApp::new().await;
    let moderator = app.moderator().await;
    let ada = app.user("ada").await;
    ada.patch(
        "/api/v1/users/me",
        json!({ "phone": "+442071234567", "metadata": { "secret": 1 } }),
    )
    .await
    .is(200);
    let hidden = |user: &Value| {
        ["email", "phone", "metadata"]
            .iter()
            .all(|name| user.get(name).is_none())
    };
    let list = moderator.get(USERS).await.is(200).json();
    assert!(
        list["items"].as_array().unwrap().iter().all(hidden),
        "{list}"
    );
    assert!(hidden(&moderator.get(&path(&ada, "")).await.is(200).json()));
    assert!(hidden(
        &moderator
            .post_empty(&path(&ada, "/suspend"))
            .await
            .is(200)
            .json()
    ));
    assert!(hidden(
        &moderator
            .post_empty(&path(&ada, "/reactivate"))
            .await
            .is(200)
            .json()
    ));
    let own = moderator.get(&path(&moderator, "")).await.is(200).json();
    assert_eq!(own["email"], "moderator@example.com");
    for query in ["sort=email", "includeDeleted=true"] {
        moderator
            .get(&format!("{USERS}?{query}"))
            .await
            .refuses(403, "forbidden");
    }
    moderator
        .get(&format!("{USERS}?sort=lastLoginAt&role=user"))
        .await
        .is(200);
}

#[tokio::test]
async fn v8_2_3_moderators_find_people_by_name_and_learn_no_address() {
    let app = TestApp::new().await;
    let (moderator, admin) = (app.moderator().await, app.admin().await);
    let ada = app.user("hidden.address").await;
    ada.patch(
        "/api/v1/users/me",
        json!({ "username": "countess", "firstName": "Ada", "lastName": "Lovelace" }),
    )
    .await
    .is(200);
    let count = async |caller: &Principal, query: &str| {
        let page = caller
            .get(&format!("{USERS}?q={query}"))
            .await
            .is(200)
            .json();
        page["items"].as_array().unwrap().len()
    };
    for query in ["ada", "LOVE", "ada+lovelace", "count", "love+co"] {
        assert_eq!(count(&moderator, query).await, 1, "{query}");
        assert_eq!(count(&admin, query).await, 1, "{query}");
    }
    for query in [
        "hidden",
        "h",
        "hidden.address@example.com",
        "address",
        "ada+hidden",
        "ada+hidden.address@example.com",
        "%40example.com",
    ] {
        assert_eq!(count(&moderator, query).await, 0, "{query}");
        assert!(count(&admin, query).await >= 1, "{query}");
    }
    // Nor by a cursor that an admin's search gave.
    let page = admin
        .get(&format!("{USERS}?q=%40example.com&limit=1"))
        .await
        .json();
    let cursor = page["nextCursor"].as_str().unwrap();
    moderator
        .get(&format!("{USERS}?q=%40example.com&limit=1&cursor={cursor}"))
        .await
        .refuses_field("/cursor", "invalid_cursor");
}
