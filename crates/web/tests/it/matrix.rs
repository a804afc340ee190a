//! Which status each route answers each role with (AUT-2, AUT-3, E-39), as a committed text.

use std::fmt::Write as _;

use http::Method;
use ntt_auth_core::flow::{Actor, LinkToSend, Measure, SendLink};
use ntt_auth_core::model::{Client, DocumentVersion, JobState, Role, User};
use ntt_auth_core::port::MailError;
use ntt_auth_core::store::JobQuery;
use serde_json::{Value, json};

use crate::app::{Answer, OPERATIONS, PASSWORD, Principal, TestApp, assert_committed, link};

const COMMITTED: &str = "tests/it/matrix.txt";

/// From the least to the most powerful.
const ROLES: [Role; 5] = [
    Role::Guest,
    Role::User,
    Role::Moderator,
    Role::Admin,
    Role::SuperAdmin,
];

const HEAD: &str = "\
# What each role may do, as the routes answer it. Made by walking every route of the OpenAPI document with a good
# request and a fresh caller of each role; 2xx is yes, 401 not signed in, 403 not permitted, 409 permitted but not now.
# After a change: UPDATE_SNAPSHOTS=1 cargo test -p ntt-auth-web matrix
";

#[tokio::test]
async fn aut2_every_route_answers_each_role_as_committed() {
    let news = DocumentVersion::parse("news:1").unwrap();
    let app = TestApp::builder()
        .rules(|rules| rules.accounts.optional_consents = vec![news])
        .build()
        .await;
    // Whoever deletes or demotes themselves must not be the last.
    app.account("keeper", Role::SuperAdmin).await;
    let mut text = String::from(HEAD);
    row(
        &mut text,
        "\n## Every route, on a user of the role `user`",
        ["anon", "guest", "user", "moder.", "admin", "super"],
    );
    let mut count = 0;
    for operation in OPERATIONS.iter() {
        let mut statuses = Vec::new();
        for role in [None].into_iter().chain(ROLES.map(Some)) {
            count += 1;
            let (caller, target) = cast(&app, count, role, Role::User).await;
            statuses.push(
                ask(&app, &caller, &operation.method, &operation.path, &target)
                    .await
                    .to_string(),
            );
        }
        row(
            &mut text,
            &format!("{} {}", operation.method, operation.path),
            statuses,
        );
    }
    for (method, path) in MANAGING {
        let title =
            format!("\n## {method} {path}, by the role of the caller (down) and of the target");
        row(
            &mut text,
            &title,
            ["guest", "user", "moder.", "admin", "super", "own"],
        );
        for role in ROLES {
            let mut statuses = Vec::new();
            for target in ROLES.map(Some).into_iter().chain([None]) {
                count += 1;
                let (caller, other) =
                    cast(&app, count, Some(role), target.unwrap_or(Role::User)).await;
                let target = if target.is_some() {
                    other
                } else {
                    app.stored(caller.id()).await
                };
                let method: Method = method.parse().unwrap();
                statuses.push(ask(&app, &caller, &method, path, &target).await.to_string());
            }
            row(&mut text, role.as_str(), statuses);
        }
    }
    assert_committed(COMMITTED, &text);
    crate::permissions::assert_document(&text);
    for operation in OPERATIONS.iter() {
        let route = format!("{} {} ", operation.method, operation.path);
        assert!(
            text.lines().any(|line| line.starts_with(&route)),
            "{route} has no row"
        );
    }
}

/// Routes whose answer depends on whose account it is.
const MANAGING: &[(&str, &str)] = &[
    ("GET", "/api/v1/users/{userId}"),
    ("PATCH", "/api/v1/users/{userId}"),
    ("DELETE", "/api/v1/users/{userId}"),
    ("DELETE", "/api/v1/users/{userId}?erase=true"),
    ("PATCH", "/api/v1/users/{userId}/role"),
    ("POST", "/api/v1/users/{userId}/suspend"),
    ("POST", "/api/v1/users/{userId}/reactivate"),
    ("POST", "/api/v1/users/{userId}/unlock"),
    ("POST", "/api/v1/users/{userId}/restore"),
    ("POST", "/api/v1/users/{userId}/logout-all"),
    ("GET", "/api/v1/users/{userId}/sessions"),
    ("POST", "/api/v1/users/{userId}/reset-password"),
    ("POST", "/api/v1/users/{userId}/resend-verification"),
];

#[tokio::test]
async fn aut2_the_published_matrix_is_the_one_that_is_enforced() {
    let app = TestApp::new().await;
    let published = app
        .anon()
        .get("/api/v1/auth/permissions")
        .await
        .is(200)
        .json();
    assert_eq!(
        published["roles"],
        json!(["super_admin", "admin", "moderator", "user", "guest"])
    );
    let mut count = 1000;
    for (action, method, path) in [
        ("list_users", "GET", "/api/v1/users"),
        ("read_user", "GET", "/api/v1/users/{userId}"),
        ("create_user", "POST", "/api/v1/users"),
        ("update_user", "PATCH", "/api/v1/users/{userId}"),
        ("suspend_user", "POST", "/api/v1/users/{userId}/suspend"),
        ("delete_user", "DELETE", "/api/v1/users/{userId}"),
        ("erase_user", "DELETE", "/api/v1/users/{userId}?erase=true"),
        ("restore_user", "POST", "/api/v1/users/{userId}/restore"),
        ("change_role", "PATCH", "/api/v1/users/{userId}/role"),
    ] {
        let rows = published["actions"].as_array().unwrap();
        let row = rows.iter().find(|row| row["action"] == action).unwrap();
        for role in ROLES {
            count += 1;
            let (caller, target) = cast(&app, count, Some(role), Role::Guest).await;
            let status = ask(&app, &caller, &method.parse().unwrap(), path, &target).await;
            let permitted = !matches!(
                row["reach"][role.as_str()].as_str().unwrap(),
                "none" | "own"
            );
            assert_eq!(permitted, status != 403, "{action} by {role}: {status}");
        }
    }
}

/// A fresh caller and a fresh target.
async fn cast(
    app: &TestApp,
    count: usize,
    caller: Option<Role>,
    target: Role,
) -> (Principal, User) {
    let caller = match caller {
        Some(role) => app.signed_in(&format!("caller{count}"), role).await,
        None => app.anon(),
    };
    (caller, app.account(&format!("target{count}"), target).await)
}

/// Sends a good request and gives its status.
async fn ask(app: &TestApp, caller: &Principal, method: &Method, path: &str, target: &User) -> u16 {
    let asked = good_request(app, caller, method, path, target).await;
    asked.send(caller).await.status.as_u16()
}

/// A request, to be sent once or more often.
pub(crate) struct Asked {
    method: Method,
    address: String,
    kind: &'static str,
    body: String,
}

impl Asked {
    pub(crate) async fn send(&self, caller: &Principal) -> Answer {
        let headers: &[(&str, &str)] = match self.kind {
            "" => &[],
            kind => &[("content-type", kind)],
        };
        let (method, body) = (self.method.clone(), self.body.clone());
        caller.send_raw(method, &self.address, headers, body).await
    }
}

/// A good request of `caller` about `target`, with whatever has to be there before it.
pub(crate) async fn good_request(
    app: &TestApp,
    caller: &Principal,
    method: &Method,
    path: &str,
    target: &User,
) -> Asked {
    prepare(app, path, target).await;
    let made = made(app, method, path, target).await;
    let session = match &caller.access {
        Some(_) if path.contains("{sessionId}") => app
            .anon()
            .sign_in(app.stored(caller.id()).await.email.as_str(), PASSWORD)
            .await
            .session()
            .to_string(),
        _ => target.id.to_string(),
    };
    if path.ends_with("/consents/{document}") {
        let document = json!({ "document": "news:1" });
        caller.post("/api/v1/users/me/consents", document).await;
    }
    let address = match (path, method) {
        ("/reset-password", _) => format!("{path}?token={made}"),
        ("/setup", &Method::GET) => format!("{path}?token=x"),
        ("/api/v1/users/import", _) => format!("{path}?format=jsonl"),
        _ => path.to_owned(),
    };
    let address = address
        .replace("{userId}", &target.id.to_string())
        .replace("{sessionId}", &session)
        .replace("{jobId}", &made)
        .replace("{mailId}", &target.id.to_string())
        .replace("{document}", "news")
        .replace("{code}", "not_found");
    let (kind, body) = if path == "/api/v1/users/import" {
        let row = json!({ "email": format!("row-{}@example.com", target.id) });
        ("application/x-ndjson", format!("{row}\n"))
    } else if !path.starts_with("/api/") && *method == Method::POST {
        let form = match path {
            "/setup" => "token=x".to_owned(),
            "/forgot-password" => "email=ada%40example.com".to_owned(),
            "/reset-password" => format!("token={made}&newPassword=Difference-Engine-1822"),
            _ => format!("token={made}"),
        };
        ("application/x-www-form-urlencoded", form)
    } else {
        match body(caller, method, path, target, &made) {
            Some(body) => ("application/json", body.to_string()),
            None => ("", String::new()),
        }
    };
    Asked {
        method: method.clone(),
        address,
        kind,
        body,
    }
}

/// Brings the target into the state that the route begins from.
async fn prepare(app: &TestApp, path: &str, target: &User) {
    let measure = match path.rsplit('/').next() {
        Some("reactivate") => Measure::Suspend {
            until: None,
            reason: None,
        },
        Some("restore") => Measure::Delete,
        _ => return,
    };
    app.operate(target.id, measure).await;
}

/// What the route needs to be there: a job, or a link that was sent to the target.
async fn made(app: &TestApp, method: &Method, path: &str, target: &User) -> String {
    let sent = match path {
        "/api/v1/auth/verify-email" | "/verify-email" => LinkToSend::Verification,
        "/api/v1/auth/reset-password" | "/reset-password" => LinkToSend::Reset,
        "/not-me" => {
            let email = target.email.as_str();
            app.anon().sign_in(email, PASSWORD).await;
            app.mails().await;
            let elsewhere = app.anon().at("203.0.113.9");
            elsewhere.sign_in(email, PASSWORD).await;
            return link(&app.mail().await.letter).1.to_owned();
        }
        "/api/v1/auth/confirm-email-change" | "/confirm-email-change" => {
            let target = app.anon().sign_in(target.email.as_str(), PASSWORD).await;
            app.mails().await;
            let new = format!("moved-{}@example.com", target.id());
            let body = json!({ "newEmail": new, "currentPassword": PASSWORD });
            target.post("/api/v1/auth/change-email", body).await.is(202);
            return link(&app.mail().await.letter).1.to_owned();
        }
        _ if path.contains("{jobId}") => LinkToSend::Reset,
        _ => return String::new(),
    };
    let send = SendLink {
        actor: Actor::Operator,
        user: target.id,
        link: sent,
        client: Client::default(),
    };
    if !path.contains("{jobId}") {
        let link = send.run_and_show(&app.auth).await.unwrap().unwrap();
        return link.expose().split_once("token=").unwrap().1.to_owned();
    }
    app.mails().await;
    send.run(&app.auth).await.unwrap();
    if *method == Method::POST {
        // Only what was given up is tried again.
        app.mailer
            .refuse(Some(MailError::Permanent("550 no".into())));
        app.mails().await;
        app.mailer.refuse(None);
    }
    let query = JobQuery {
        state: (*method == Method::POST).then_some(JobState::Dead),
        after: None,
        limit: 1,
    };
    let jobs = app.auth.store().read().jobs().page(&query).await.unwrap();
    jobs[0].id.to_string()
}

fn body(
    caller: &Principal,
    method: &Method,
    path: &str,
    target: &User,
    made: &str,
) -> Option<Value> {
    let fresh = format!("new-{}@example.com", target.id);
    match (method.as_str(), path) {
        ("POST", "/api/v1/auth/register") => Some(json!({ "email": fresh, "password": PASSWORD })),
        ("POST", "/api/v1/auth/login") => {
            Some(json!({ "email": target.email.as_str(), "password": PASSWORD }))
        }
        ("POST", "/api/v1/auth/refresh") => Some(json!({ "refreshToken": caller.refresh })),
        ("POST", "/api/v1/auth/change-password") => {
            Some(json!({ "currentPassword": PASSWORD, "newPassword": "Difference-Engine-1822" }))
        }
        ("POST", "/api/v1/test/clock") => Some(json!({ "advance": "1 day" })),
        ("POST", "/api/v1/auth/verify-email" | "/api/v1/auth/confirm-email-change") => {
            Some(json!({ "token": made }))
        }
        ("POST", "/api/v1/auth/reset-password") => {
            Some(json!({ "token": made, "newPassword": "Difference-Engine-1822" }))
        }
        ("POST", "/api/v1/auth/forgot-password" | "/api/v1/auth/resend-verification") => {
            Some(json!({ "email": target.email.as_str() }))
        }
        ("POST", "/api/v1/auth/change-email") => {
            Some(json!({ "newEmail": fresh, "currentPassword": PASSWORD }))
        }
        ("POST", "/api/v1/users") => {
            Some(json!({ "email": fresh, "password": PASSWORD, "role": "guest" }))
        }
        ("POST", "/api/v1/users/me/consents") => Some(json!({ "document": "news:1" })),
        ("POST", "/api/v1/users/me/erase") => Some(json!({ "currentPassword": PASSWORD })),
        ("POST", "/api/v1/users/bulk") => {
            Some(json!({ "action": "logout_all", "userIds": [target.id] }))
        }
        ("PATCH", "/api/v1/users/{userId}/role") => Some(json!({ "role": "moderator" })),
        ("PATCH", _) => Some(json!({ "firstName": "Ada" })),
        _ => None,
    }
}

fn row(text: &mut String, title: &str, cells: impl IntoIterator<Item = impl AsRef<str>>) {
    let (lead, title) = title
        .split_once("##")
        .map_or(("", title), |(lead, rest)| (lead, rest));
    if lead.is_empty() {
        write!(text, "{title:<48}").unwrap();
    } else {
        write!(text, "{lead}##{title}\n{:<48}", "").unwrap();
    }
    for cell in cells {
        write!(text, "{:<7}", cell.as_ref()).unwrap();
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
}
