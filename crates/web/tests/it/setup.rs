//! First set-up (OPS-1, E-45).

use std::time::Duration;

use futures::future::join_all;
use http::Method;
use ntt_auth_core::flow::offer_set_up;
use ntt_auth_core::model::Role;

use crate::app::{Answer, PASSWORD, TestApp};

async fn submit(app: &TestApp, token: &str, email: &str, password: &str) -> Answer {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!(
        "token={token}&email={}&password={password}",
        email.replace('@', "%40")
    );
    app.anon()
        .send_raw(Method::POST, "/setup", &form, body)
        .await
}

async fn link(app: &TestApp) -> String {
    offer_set_up(&app.auth)
        .await
        .unwrap()
        .unwrap()
        .expose()
        .to_owned()
}

#[tokio::test]
async fn ops1_the_link_makes_the_first_super_admin_and_closes_for_ever() {
    let app = TestApp::new().await;
    let token = link(&app).await;
    app.anon()
        .get(&format!("/setup?token={token}"))
        .await
        .is(200);
    submit(&app, &token, "root@example.com", PASSWORD)
        .await
        .is(201);
    let root = app.anon().sign_in("root@example.com", PASSWORD).await;
    assert_eq!(app.stored(root.id()).await.role, Role::SuperAdmin);
    submit(&app, &token, "eve@example.com", PASSWORD)
        .await
        .is(410);
    app.anon()
        .get(&format!("/setup?token={token}"))
        .await
        .is(410);
    assert!(offer_set_up(&app.auth).await.unwrap().is_none());
    assert_eq!(app.accounts().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ops1_of_sixteen_at_once_one_becomes_super_admin() {
    let app = TestApp::new().await;
    let token = link(&app).await;
    let answers = join_all((0..16).map(|index| {
        let (app, token) = (app.clone(), token.clone());
        tokio::spawn(async move {
            submit(&app, &token, &format!("root{index}@example.com"), PASSWORD).await
        })
    }))
    .await;
    let statuses: Vec<u16> = answers
        .into_iter()
        .map(|answer| answer.unwrap().status.as_u16())
        .collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 410).count(),
        15,
        "{statuses:?}"
    );
    assert_eq!(app.accounts().await, 1);
}

#[tokio::test]
async fn a_mistake_keeps_the_link_open_and_the_password_to_itself() {
    let app = TestApp::new().await;
    let token = link(&app).await;
    let answer = submit(&app, &token, "nobody<script>", "abc").await;
    answer.is(422);
    assert!(
        !answer.text().contains("<script>") && !answer.text().contains("value=\"abc\""),
        "{}",
        answer.text()
    );
    submit(&app, &token, "root@example.com", PASSWORD)
        .await
        .is(201);
}

#[tokio::test]
async fn a_wrong_an_older_and_an_expired_link_are_all_closed() {
    let app = TestApp::new().await;
    let old = link(&app).await;
    let new = link(&app).await;
    let altered = format!("{}x", &new[..new.len() - 1]);
    for token in ["", "x", "ntt_su_", old.as_str(), altered.as_str()] {
        submit(&app, token, "eve@example.com", PASSWORD)
            .await
            .is(410);
        app.anon()
            .get(&format!("/setup?token={token}"))
            .await
            .is(410);
    }
    app.clock.advance(Duration::from_hours(24));
    submit(&app, &new, "eve@example.com", PASSWORD)
        .await
        .is(410);
    assert_eq!(app.accounts().await, 0);
}

#[tokio::test]
async fn e45_deleting_the_first_super_admin_does_not_open_it_again() {
    let app = TestApp::new().await;
    let token = link(&app).await;
    submit(&app, &token, "root@example.com", PASSWORD)
        .await
        .is(201);
    let root = app.anon().sign_in("root@example.com", PASSWORD).await;
    app.account("heir", Role::SuperAdmin).await;
    root.delete("/api/v1/users/me").await.is(204);
    assert!(offer_set_up(&app.auth).await.unwrap().is_none());
    submit(&app, &token, "eve@example.com", PASSWORD)
        .await
        .is(410);
}

#[tokio::test]
async fn a_super_admin_made_on_the_command_line_closes_it_too() {
    let app = TestApp::new().await;
    let token = link(&app).await;
    app.account("root", Role::SuperAdmin).await;
    submit(&app, &token, "eve@example.com", PASSWORD)
        .await
        .is(410);
}
