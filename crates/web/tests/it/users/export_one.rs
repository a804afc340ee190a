//! Everything that is held on somebody, handed out (ACC-11).

use ntt_auth_core::model::Role;

use super::path;
use crate::app::TestApp;

const MINE: &str = "/api/v1/users/me/export";

#[tokio::test]
async fn acc11_an_export_is_a_file_of_ones_own() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    let bob = app.user("bob").await;
    let answer = ada.get(MINE).await;
    answer.is(200);
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"ntt-auth-export.json\""
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let export = answer.json();
    assert_eq!(export["profile"]["email"], "ada@example.com");
    let session = &export["sessions"][0];
    assert_eq!(session["sessionId"], ada.session().to_string());
    assert!(!answer.text().contains("bob@example.com"));
    ada.get(&path(&bob, "/export"))
        .await
        .refuses(403, "forbidden");
    ada.get(&path(&ada, "/export")).await.is(200);
}

#[tokio::test]
async fn acc11_only_super_admins_export_others() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let ada = app.user("ada").await;
    for caller in [app.moderator().await, app.admin().await] {
        caller
            .get(&path(&ada, "/export"))
            .await
            .refuses(403, "forbidden");
    }
    root.get(&path(&ada, "/export")).await.is(200);
    let unknown = "/api/v1/users/0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f/export";
    root.get(unknown).await.refuses(404, "not_found");
    let guest = app.signed_in("guest", Role::Guest).await;
    guest.get(MINE).await.refuses(403, "forbidden");
}

#[tokio::test]
async fn acc11_an_export_of_many_rows_is_whole() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    for _ in 0..450 {
        app.clock.advance(std::time::Duration::from_millis(1));
        app.anon()
            .sign_in("ada@example.com", crate::app::PASSWORD)
            .await;
    }
    let export = ada.get(MINE).await.is(200).json();
    assert_eq!(export["sessions"].as_array().unwrap().len(), 451);
    let events = export["events"].as_array().unwrap();
    let mut ids: Vec<_> = events.iter().map(|event| &event["eventId"]).collect();
    let count = ids.len();
    assert!(count > 450, "{count}");
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), count, "each once");
}
