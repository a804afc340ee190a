//! Moving in (ACC-12): five systems' own files, each proven by signing in with the password from there.

use axum::body::{Body, Bytes};
use http::Method;
use ntt_auth_core::flow::{Actor, ImportTerms, ImportUsers, ImportUsersError};
use ntt_auth_core::model::{Client, Email, ImportDigest, Role, State, User};
use ntt_auth_core::transfer::{FirebaseConfig, Format, Hints, Rows};
use serde_json::{Value, json};

use super::import_trust::verify;
use crate::app::{Answer, PASSWORD as HERS, Principal, TestApp};

/// Of everybody in the files but one.
pub(super) const PASSWORD: &str = "Moving-House-7-Lantern";

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("../../../../../e2e/fixtures/moving/", $name)).as_slice()
    };
}

async fn import(root: &Principal, query: &str, body: impl Into<Body>) -> Answer {
    let path = format!("/api/v1/users/import?{query}");
    let kind = [("content-type", "application/x-ndjson")];
    root.send_raw(Method::POST, &path, &kind, body).await
}

pub(super) async fn imported(root: &Principal, query: &str, body: impl Into<Body>) -> Value {
    import(root, query, body).await.is(200).json()
}

/// Added, updated, skipped, ignored, rejected.
pub(super) fn counts(report: &Value) -> [u64; 5] {
    ["added", "updated", "skipped", "ignored", "rejected"]
        .map(|name| report[name].as_u64().unwrap())
}

pub(super) fn problems(report: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["row"].as_u64().unwrap(),
                text(&one["field"]),
                text(&one["code"]),
            )
        })
        .collect()
}

pub(super) async fn of(app: &TestApp, email: &str) -> Option<User> {
    let folded = Email::parse(email).unwrap().folded();
    app.auth
        .store()
        .read()
        .users()
        .by_email(&folded)
        .await
        .unwrap()
}

/// Signs in with the password of the file, and shows that the hash is one of ours from then on.
async fn moves_in(app: &TestApp, email: &str, password: &str) -> User {
    let before = of(app, email)
        .await
        .unwrap_or_else(|| panic!("{email} is not there"));
    let refused = app
        .anon()
        .post(
            "/api/v1/auth/login",
            json!({ "email": email, "password": "Not-The-Password-1" }),
        )
        .await;
    refused.refuses(401, "invalid_credentials");
    app.anon().sign_in(email, password).await;
    let after = of(app, email).await.unwrap();
    let now = after.password.as_ref().unwrap().expose();
    // A bcrypt that is not weaker than ours is left alone.
    let bcrypt = before.password.as_ref().unwrap().expose().starts_with("$2");
    assert!(bcrypt || now.starts_with("$2b$"), "{email} is not rehashed");
    app.anon().sign_in(email, password).await;
    before
}

#[tokio::test]
async fn acc12_accounts_move_in_from_auth0() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let users = imported(
        &root,
        "format=auth0&roles=editor:moderator",
        file!("auth0-users.ndjson"),
    )
    .await;
    assert_eq!(counts(&users), [2, 0, 0, 0, 0], "{users}");
    // The hashes come in a file of their own.
    let hashes = imported(
        &root,
        "format=auth0&onConflict=update",
        file!("auth0-hashes.ndjson"),
    )
    .await;
    assert_eq!(counts(&hashes), [0, 2, 0, 0, 0], "{hashes}");
    let ada = moves_in(&app, "ada@auth0.example", PASSWORD).await;
    assert_eq!(ada.role, Role::Moderator);
    assert_eq!(ada.profile.last_name.unwrap().as_str(), "Lovelace");
    assert_eq!(ada.profile.phone.unwrap().as_str(), "+442071234567");
    assert_eq!(ada.created_at.to_string(), "2021-03-05T16:34:28.142Z");
    assert_eq!(
        Value::Object(ada.profile.metadata.members().clone()),
        json!({ "theme": "dark", "imported": { "from": "auth0", "id": "auth0|60425dc43519d90068f82973" } })
    );
    let euclid = of(&app, "euclid@auth0.example").await.unwrap();
    assert_eq!(euclid.state(app.auth.now()), State::Suspended);
    assert!(euclid.password.is_some() && euclid.profile.first_name.is_none());

    let bulk = imported(&root, "format=auth0", file!("auth0-bulk.json")).await;
    assert_eq!(counts(&bulk), [4, 0, 0, 0, 1], "{bulk}");
    assert_eq!(
        problems(&bulk),
        [(5, "/passwordHash".into(), "unusable_hash".into())]
    );
    for name in ["bcrypt", "argon2", "pbkdf2", "scrypt"] {
        moves_in(&app, &format!("{name}@auth0.example"), PASSWORD).await;
    }
    let drop = imported(
        &root,
        "format=auth0&onInvalid=drop",
        file!("auth0-bulk.json"),
    )
    .await;
    assert_eq!(counts(&drop), [1, 0, 4, 0, 0], "{drop}");
    assert!(
        of(&app, "md5@auth0.example")
            .await
            .unwrap()
            .password
            .is_none()
    );
}

#[tokio::test]
async fn acc12_accounts_move_in_from_keycloak() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let query = "format=keycloak&roles=manager:admin,%2Fstaff:moderator";
    let report = imported(&root, query, file!("keycloak-realm.json")).await;
    assert_eq!(counts(&report), [5, 0, 0, 0, 1], "{report}");
    assert_eq!(problems(&report), [(6, "/email".into(), "required".into())]);
    let emilie = moves_in(&app, "sha256@keycloak.example", PASSWORD).await;
    assert_eq!(
        emilie.id.to_string(),
        "00000001-1111-4222-8333-444455556666"
    );
    assert_eq!(emilie.role, Role::Admin);
    assert_eq!(emilie.profile.locale.unwrap().as_str(), "fr-FR");
    assert_eq!(emilie.username.unwrap().as_str(), "sha256");
    assert!(emilie.profile.metadata.members().is_empty());
    assert_eq!(
        moves_in(&app, "argon2@keycloak.example", PASSWORD)
            .await
            .role,
        Role::Moderator
    );
    moves_in(&app, "sha512@keycloak.example", PASSWORD).await;
    moves_in(&app, "legacy@keycloak.example", PASSWORD).await;
    let disabled = of(&app, "disabled@keycloak.example").await.unwrap();
    assert_eq!(disabled.state(app.auth.now()), State::Suspended);
}

#[tokio::test]
async fn acc12_accounts_move_in_from_supabase() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let report = imported(
        &root,
        "format=supabase&roles=support:moderator",
        file!("supabase-users.csv"),
    )
    .await;
    assert_eq!(counts(&report), [3, 0, 0, 0, 1], "{report}");
    let hedy = moves_in(&app, "csv@supabase.example", PASSWORD).await;
    assert_eq!(hedy.id.to_string(), "00000001-aaaa-4bbb-8ccc-dddd00001111");
    assert_eq!(
        hedy.profile.first_name.unwrap().as_str(),
        "Hedy \"Lamarr\","
    );
    assert_eq!(hedy.profile.phone.unwrap().as_str(), "+436641234567");
    assert_eq!(hedy.role, Role::Moderator);
    assert_eq!(
        Value::Object(hedy.profile.metadata.members().clone()),
        json!({ "bio": "line 1\nline 2\t\\ end" })
    );
    assert!(hedy.email_verified_at.is_some());
    let argon2 = moves_in(&app, "argon2@supabase.example", PASSWORD).await;
    assert!(argon2.email_verified_at.is_none());
    let banned = of(&app, "banned@supabase.example").await.unwrap();
    assert_eq!(banned.state(app.auth.now()), State::Suspended);
    assert!(banned.standing.suspension.unwrap().until.is_some());

    let dump = imported(&root, "format=supabase", file!("supabase-dump.sql")).await;
    assert_eq!(counts(&dump), [1, 0, 1, 0, 0], "{dump}");
    let copied = moves_in(&app, "copy@supabase.example", PASSWORD).await;
    assert_eq!(
        copied.profile.metadata.members()["bio"],
        "line 1\nline 2\t\\ end"
    );
}

#[tokio::test]
async fn acc12_accounts_move_in_from_django() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let roles = "roles=superuser:super_admin,editors:moderator,1:moderator";
    let report = imported(
        &root,
        &format!("format=django&{roles}"),
        file!("django-dump.json"),
    )
    .await;
    let [added, _, _, ignored, rejected] = counts(&report);
    assert_eq!((added, rejected), (9, 1), "{report}");
    assert!(ignored > 5, "permissions and groups are no users");
    for algorithm in [
        "pbkdf2_sha256",
        "pbkdf2_sha1",
        "argon2",
        "bcrypt_sha256",
        "scrypt",
    ] {
        let user = moves_in(&app, &format!("{algorithm}@django.example"), PASSWORD).await;
        assert_eq!(user.role, Role::Moderator);
        assert_eq!(user.created_at.to_string(), "2024-02-29T12:00:00.123Z");
    }
    assert_eq!(
        moves_in(&app, "boss@django.example", PASSWORD).await.role,
        Role::SuperAdmin
    );
    let address = moves_in(&app, "address@django.example", PASSWORD).await;
    assert!(address.username.is_none());
    assert!(
        of(&app, "unusable@django.example")
            .await
            .unwrap()
            .password
            .is_none()
    );
    let left = of(&app, "left@django.example").await.unwrap();
    assert_eq!(left.state(app.auth.now()), State::Suspended);

    let lines = imported(
        &root,
        &format!("format=django&{roles}"),
        file!("django-dump.jsonl"),
    )
    .await;
    assert_eq!(counts(&lines), [0, 0, 9, 0, 1], "{lines}");
}

/// Its parameters are a secret, which the API does not take; the command line does.
#[tokio::test]
async fn acc12_accounts_move_in_from_firebase() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let report = imported(&root, "format=firebase", file!("firebase-users.json")).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 3], "{report}");
    let config = std::str::from_utf8(file!("firebase-hash-config.txt")).unwrap();
    let hints = Hints {
        firebase: Some(FirebaseConfig::parse(config).unwrap()),
        ..Hints::default()
    };
    let mut terms = ImportTerms::new(Format::Firebase);
    terms.roles.insert("admin".to_owned(), Role::Admin);
    let mut rows = Rows::new(Format::Firebase, hints);
    rows.feed(file!("firebase-users.json")).unwrap();
    rows.finish().unwrap();
    let mut import = begin(&app, terms, None, false).await.unwrap();
    import
        .take(&app.auth, rows.batch(0, true).unwrap())
        .await
        .unwrap();
    assert_eq!(import.import().counts.added, 2);
    let grace = moves_in(&app, "published@firebase.example", "user1password").await;
    assert_eq!(grace.profile.first_name.unwrap().as_str(), "Grace Brewster");
    assert_eq!(grace.role, Role::Admin);
    moves_in(&app, "websafe@firebase.example", PASSWORD).await;
}

pub(crate) async fn begin(
    app: &TestApp,
    terms: ImportTerms,
    digest: Option<ImportDigest>,
    resume: bool,
) -> Result<ImportUsers, ImportUsersError> {
    ImportUsers::begin(
        &app.auth,
        Actor::Operator,
        Client::default(),
        terms,
        digest,
        resume,
    )
    .await
}

/// Rows that make accounts.
pub(crate) fn rows(count: usize) -> Rows {
    let mut rows = Rows::new(Format::Jsonl, Hints::default());
    for number in 1..=count {
        let line =
            json!({ "email": format!("row{number}@example.org"), "userId": format!("n{number}") });
        rows.feed(format!("{line}\n").as_bytes()).unwrap();
    }
    rows.finish().unwrap();
    rows
}

#[tokio::test]
async fn acc12_a_killed_import_goes_on_where_it_stopped() {
    let app = TestApp::new().await;
    let digest = Some(ImportDigest::new([9; 32]));
    let terms = || ImportTerms::new(Format::Jsonl);
    let mut first = begin(&app, terms(), digest, false).await.unwrap();
    let mut file = rows(5000);
    first
        .take(&app.auth, file.batch(0, true).unwrap())
        .await
        .unwrap();
    assert_eq!(first.import().counts.rows, 2000);
    // A second process that believes to be the one is told.
    let mut other = begin(&app, terms(), digest, true).await.unwrap();
    let mut same = rows(5000);
    other
        .take(&app.auth, same.batch(2000, true).unwrap())
        .await
        .unwrap();
    let overtaken = first.take(&app.auth, file.batch(0, true).unwrap()).await;
    assert!(matches!(overtaken, Err(ImportUsersError::Overtaken)));
    drop((first, other));

    let other_format = begin(&app, ImportTerms::new(Format::Csv), digest, true).await;
    assert!(matches!(
        other_format,
        Err(ImportUsersError::OtherFormat(_))
    ));
    let mut last = begin(&app, terms(), digest, true).await.unwrap();
    let mut file = rows(5000);
    let behind = last.import().counts.rows;
    while let Some(batch) = file.batch(behind, true) {
        last.take(&app.auth, batch).await.unwrap();
    }
    let done = last.finish(&app.auth).await.unwrap();
    assert_eq!(
        (done.counts.rows, done.counts.added, done.counts.skipped),
        (5000, 5000, 0)
    );
    assert_eq!(app.accounts().await, 5000);
    let again = begin(&app, terms(), digest, true).await.unwrap();
    assert!(again.import().finished_at.is_some());
}

#[tokio::test]
async fn acc12_a_dry_run_tells_the_same_and_writes_nothing() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let file = [
        json!({ "email": "a@example.org", "username": "same" }),
        json!({ "email": "A@Example.org" }),
        json!({ "email": "b@example.org", "username": "SAME" }),
        json!({ "email": "nonsense", "phone": "call me" }),
        json!({ "email": "root@example.com" }),
    ];
    let file = file.map(|row| row.to_string()).join("\n");
    let dry = imported(&root, "format=jsonl&dryRun=true", file.clone()).await;
    assert_eq!(app.accounts().await, 1);
    assert_eq!(dry["dryRun"], true);
    let real = imported(&root, "format=jsonl", file).await;
    assert_eq!(counts(&real), [1, 0, 2, 0, 2], "{real}");
    assert_eq!(dry["added"], real["added"]);
    assert_eq!(
        problems(&real),
        [
            (2, "/email".into(), "taken".into()),
            (3, "/username".into(), "taken".into()),
            (4, "/email".into(), "invalid_email".into()),
            (4, "/phone".into(), "invalid_phone".into()),
            (5, "/email".into(), "taken".into()),
        ]
    );
    assert_eq!(app.accounts().await, 2);
}

#[tokio::test]
async fn acc12_accounts_that_are_there_are_skipped_completed_or_a_reason_to_stop() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let ada = app.user("ada").await;
    verify(&app, ada.id()).await;
    let row = json!({
        "email": "ADA@example.com", "firstName": "Ada", "metadata": { "plan": "gold" }, "role": "super_admin",
        "isActive": false, "isEmailVerified": true, "passwordHash": "$2b$04$abcdefghijklmnopqrstuu5s2v8iXieOjg/.AySBTTZIIVFJeBui.",
    });
    let file = format!(
        "{}\n{row}\n{}\n",
        json!({ "email": "x@example.org" }),
        json!({ "email": "y@example.org" })
    );
    let stopped = imported(&root, "format=jsonl&onConflict=fail", file.clone()).await;
    assert_eq!(
        (stopped["stopped"].clone(), stopped["rows"].clone()),
        (json!(true), json!(1))
    );
    assert!(of(&app, "y@example.org").await.is_none());
    let skipped = imported(&root, "format=jsonl", file.clone()).await;
    assert_eq!(counts(&skipped), [1, 0, 2, 0, 0], "{skipped}");
    assert!(app.stored(ada.id()).await.profile.first_name.is_none());
    let updated = imported(&root, "format=jsonl&onConflict=update", file.clone()).await;
    assert_eq!(counts(&updated), [0, 1, 2, 0, 0], "{updated}");
    let stored = app.stored(ada.id()).await;
    assert_eq!(stored.profile.first_name.unwrap().as_str(), "Ada");
    assert!(stored.email_verified_at.is_some());
    // A row gives no power and takes none away, and no password that works for the owner of an address is replaced.
    assert_eq!(
        (stored.role, stored.standing.suspension),
        (Role::User, None)
    );
    app.anon().sign_in("ada@example.com", HERS).await;
    ada.validate().await.is(200);
    let again = imported(&root, "format=jsonl&onConflict=update", file).await;
    assert_eq!(counts(&again), [0, 0, 3, 0, 0], "{again}");
}

#[tokio::test]
async fn v5_2_1_what_is_too_large_is_refused_before_it_is_read() {
    let app = TestApp::builder()
        .settings(|settings| settings.max_import = 4096)
        .build()
        .await;
    let root = app.super_admin().await;
    let kind = ("content-type", "text/csv");
    let path = "/api/v1/users/import?format=jsonl";
    let announced = root
        .send_raw(
            Method::POST,
            path,
            &[kind, ("content-length", "1073741824")],
            Body::empty(),
        )
        .await;
    announced.refuses(413, "payload_too_large");
    // Without a length it is refused where it becomes too large; an endless body is not read to its end.
    let endless =
        futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'\n'; 1024])));
    let answer = root
        .send_raw(Method::POST, path, &[kind], Body::from_stream(endless))
        .await;
    answer.refuses(413, "payload_too_large");
}

#[tokio::test]
async fn v1_5_2_what_is_no_file_of_users_is_refused_with_its_place() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    for (query, body) in [
        ("format=keycloak", "{\"users\":[{\"email\":\"nobody\"}"),
        ("format=keycloak", "[1]"),
        ("format=csv", "email,nickname\n"),
        ("format=csv", "firstName\nAda\n"),
        ("format=supabase", "INSERT INTO x"),
    ] {
        import(&root, query, body)
            .await
            .refuses(422, "validation_failed");
    }
    for query in [
        "",
        "format=xml",
        "format=csv&roles=x",
        "format=csv&roles=x:emperor",
        "format=csv&nonsense=1",
    ] {
        import(&root, query, "email\n")
            .await
            .refuses(422, "validation_failed");
    }
    let form = [("content-type", "multipart/form-data")];
    root.send_raw(
        Method::POST,
        "/api/v1/users/import?format=csv",
        &form,
        "email\n",
    )
    .await
    .refuses(415, "unsupported_media_type");
    let broken = [
        "{\"email\":\"a@example.org\",\"nickname\":\"a\"}",
        "{\"email\":\"a@example.org\",\"email\":\"b@example.org\"}",
        "{\"email\":7}",
        "{\"email\":",
        "7",
        "\"a@example.org\"",
        "{\"email\":\"a@example.org\",\"createdAt\":9223372036854775807}",
        "{\"email\":\"a@example.org\",\"role\":\"emperor\"}",
        "{\"email\":\"a@example.org\",\"passwordHash\":\"hunter2\"}",
        "{\"email\":\"a@example.org\",\"password\":\"short\"}",
    ];
    let report = imported(&root, "format=jsonl", broken[..5].join("\n")).await;
    assert_eq!(counts(&report), [0, 0, 0, 0, 5]);
    for row in broken {
        let report = import(&root, "format=jsonl", format!("\n{row}\n")).await;
        if report.status == 200 {
            assert_eq!(counts(&report.json()), [0, 0, 0, 0, 1], "{row}");
            assert!(!report.text().contains("hunter2") && !report.text().contains("example.org"));
        } else {
            report.refuses(422, "validation_failed");
        }
    }
    assert_eq!(app.accounts().await, 1);
}

#[tokio::test]
async fn acc12_passwords_in_plain_are_hashed_and_must_be_good_ones() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let csv = "email,password\nnew@example.org,Analytical-Engine-1843\nbad@example.org,12345678\n";
    let report = imported(&root, "format=csv", csv).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1], "{report}");
    app.anon()
        .sign_in("new@example.org", "Analytical-Engine-1843")
        .await;
}

#[tokio::test]
async fn acc12_an_import_is_told_and_so_is_each_who_is_given_power() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let file =
        "{\"email\":\"u@example.org\"}\n{\"email\":\"m@example.org\",\"role\":\"moderator\"}\n";
    imported(&root, "format=jsonl", file).await;
    let told = |user: User| app.events(user.id);
    assert!(
        told(of(&app, "u@example.org").await.unwrap())
            .await
            .is_empty()
    );
    let moderator = told(of(&app, "m@example.org").await.unwrap()).await;
    assert_eq!(moderator.len(), 1);
    assert_eq!(moderator[0].actor, Some(root.id()));
    assert_eq!(moderator[0].detail.as_deref(), Some("import: moderator"));
}

#[tokio::test]
async fn acc12_only_super_admins_move_users() {
    let app = TestApp::new().await;
    for caller in [
        app.user("ada").await,
        app.moderator().await,
        app.admin().await,
    ] {
        import(&caller, "format=csv", "email\n")
            .await
            .refuses(403, "forbidden");
        caller
            .get("/api/v1/users/export")
            .await
            .refuses(403, "forbidden");
    }
    import(&app.anon(), "format=csv", "email\n")
        .await
        .refuses(401, "token_missing");
}

#[tokio::test]
async fn acc11_an_old_file_does_not_bring_back_who_was_erased() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    // Ids of one millisecond come in any order, and the file is in theirs.
    app.clock.advance(std::time::Duration::from_millis(1));
    let ada = app.user("ada").await;
    let file = root.get("/api/v1/users/export").await.text();
    root.delete(&format!("/api/v1/users/{}?erase=true", ada.id()))
        .await
        .is(204);
    let report = imported(&root, "format=jsonl", file).await;
    assert_eq!(counts(&report), [0, 0, 1, 0, 1], "{report}");
    let told = problems(&report);
    assert!(
        told.iter()
            .any(|(_, field, code)| (field.as_str(), code.as_str()) == ("/userId", "erased"))
    );
    assert!(of(&app, "ada@example.com").await.is_none());
}
