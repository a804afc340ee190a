//! How long things are kept (ACC-11, V14.2.7).

use std::time::Duration;

use ntt_auth_core::flow::{keep_erasures, purge};

use crate::app::{PASSWORD, TestApp};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn v14_2_7_ended_sessions_are_kept_as_long_as_is_set() {
    let app = TestApp::builder()
        .rules(|rules| rules.retention.ended_sessions = 3 * DAY)
        .build()
        .await;
    let ada = app.user("ada").await;
    let elsewhere = app.anon().sign_in("ada@example.com", PASSWORD).await;
    ada.post_empty("/api/v1/auth/logout").await.is(204);
    let is_kept = async |session| {
        let mut read = app.auth.store().read();
        read.sessions().by_id(session).await.unwrap().is_some()
    };
    app.clock.advance(3 * DAY);
    purge(&app.auth).await.unwrap();
    assert!(is_kept(ada.session()).await);
    app.clock.advance(Duration::from_millis(1));
    purge(&app.auth).await.unwrap();
    assert!(!is_kept(ada.session()).await);
    assert!(is_kept(elsewhere.session()).await, "it has not ended");
}

#[tokio::test]
async fn v14_2_7_erasures_are_forgotten_when_no_backup_is_that_old() {
    let app = TestApp::new().await;
    let ada = app.user("ada").await;
    ada.post(
        "/api/v1/users/me/erase",
        serde_json::json!({ "currentPassword": PASSWORD }),
    )
    .await
    .is(204);
    let noted = async || {
        let mut read = app.auth.store().read();
        read.erasures().page(None, 9).await.unwrap().len()
    };
    app.clock.advance(1100 * DAY);
    assert_eq!(keep_erasures(&app.auth).await.unwrap(), 0);
    assert_eq!(noted().await, 1);
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(keep_erasures(&app.auth).await.unwrap(), 1);
    assert_eq!(noted().await, 0);
}
