//! Every route.

use http::Method;
use ntt_auth_core::model::{DocumentVersion, Role};

use super::{GUESS, Left, NOTHING, Scene, done};
use crate::app::{OPERATIONS, PASSWORD, TestApp};
use crate::matrix::good_request;

/// What is left of a request that failed.
fn left(route: &str) -> Left {
    match route {
        "POST /api/v1/auth/login"
        | "POST /api/v1/auth/change-email"
        | "POST /api/v1/auth/change-password" => GUESS,
        "POST /api/v1/users/me/erase" => Left {
            tidies: true,
            ..GUESS
        },
        _ => NOTHING,
    }
}

/// What is closed here, or is done elsewhere than in the store.
const WRITE_NOTHING: [&str; 5] = [
    "POST /api/v1/system/backup",
    "POST /api/v1/test/clock",
    "POST /api/v1/test/reset",
    "DELETE /api/v1/outbox",
    "POST /setup",
];

#[tokio::test]
async fn v2_3_3_a_fault_between_any_two_writes_leaves_nothing_half_done() {
    let news = DocumentVersion::parse("news:1").unwrap();
    let builder = TestApp::builder().rules(|rules| rules.accounts.optional_consents = vec![news]);
    let scene = Scene::of(builder).await;
    let app = &scene.app;
    // Whoever erases themselves must not be the last.
    app.account("keeper", Role::SuperAdmin).await;
    for (index, operation) in OPERATIONS.iter().enumerate() {
        let route = format!("{} {}", operation.method, operation.path);
        let caller = app
            .signed_in(&format!("caller{index}"), Role::SuperAdmin)
            .await;
        let target = app.account(&format!("target{index}"), Role::User).await;
        app.anon().sign_in(target.email.as_str(), PASSWORD).await;
        let asked = good_request(app, &caller, &operation.method, &operation.path, &target).await;
        let writes = scene
            .hold(&route, left(&route), async || {
                done(&asked.send(&caller).await)
            })
            .await;
        let writing = operation.method != Method::GET && !WRITE_NOTHING.contains(&&*route);
        assert!(writes > 0 || !writing, "{route} wrote nothing");
    }
    scene.is_whole().await;
}
