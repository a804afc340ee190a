//! Moving out, and in again (ACC-12).

use axum::body::Body;
use http::Method;
use ntt_auth_core::flow::{Actor, ExportUsers, ImportTerms, ImportUsers};
use ntt_auth_core::model::{
    Client, Email, LocaleTag, Metadata, PersonName, Phone, Profile, Role, Standing, Suspension,
    TimeZoneName, Timestamp, User, UserId, Username,
};
use ntt_auth_core::secret::PasswordHash;
use ntt_auth_core::store::{StoreError, Tx, Work, transact};
use ntt_auth_core::transfer::{Export, ExportFormat, Format, Hints, Rows};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use crate::app::{PASSWORD, TestApp};

struct Insert(Vec<User>);

#[async_trait::async_trait]
impl Work for Insert {
    type Output = ();

    async fn apply(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        for user in &self.0 {
            tx.users().insert(user).await?;
        }
        Ok(())
    }
}

async fn everything(app: &TestApp, export: Export) -> Vec<u8> {
    let mut users = ExportUsers::begin(&app.auth, Actor::Operator, &Client::default(), export)
        .await
        .unwrap();
    let mut file = export.head();
    loop {
        let page = users.page(&app.auth).await.unwrap();
        if page.is_empty() {
            return file;
        }
        for user in &page {
            file.extend(export.row(user));
        }
    }
}

async fn all(app: &TestApp) -> Vec<User> {
    let export = Export {
        format: ExportFormat::Csv,
        with_hashes: false,
    };
    let mut users = ExportUsers::begin(&app.auth, Actor::Operator, &Client::default(), export)
        .await
        .unwrap();
    let mut all = Vec::new();
    loop {
        let page = users.page(&app.auth).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

async fn moved(file: &[u8], format: Format) -> TestApp {
    let app = TestApp::new().await;
    let mut rows = Rows::new(format, Hints::default());
    for piece in file.chunks(97) {
        rows.feed(piece).unwrap();
    }
    rows.finish().unwrap();
    let terms = ImportTerms::new(format);
    let mut import = ImportUsers::begin(
        &app.auth,
        Actor::Operator,
        Client::default(),
        terms,
        None,
        false,
    )
    .await
    .unwrap();
    while let Some(batch) = rows.batch(0, true) {
        let problems = import.take(&app.auth, batch).await.unwrap();
        assert!(problems.is_empty(), "{problems:?}");
    }
    app
}

/// A name as people, and those who attack spreadsheets, write it.
fn name() -> impl Strategy<Value = PersonName> {
    "[=+@'\",;\\\\-]?[\\PC]{1,12}[\"',\\\\ =]{0,3}[a-zé山👩]"
        .prop_filter_map("no name", |text| PersonName::parse(&text).ok())
}

fn text() -> impl Strategy<Value = String> {
    "['=+@\",\r\n\t-]{0,3}[\\PC\r\n\t]{0,20}"
}

fn time() -> impl Strategy<Value = Timestamp> {
    (1_i64..1_760_000_000_000).prop_map(Timestamp::from_millis)
}

prop_compose! {
    fn user()(
        id in any::<u128>().prop_filter("says something", |id| *id != 0 && *id != u128::MAX),
        verified in proptest::option::of(time()),
        named in any::<bool>(),
        first_name in proptest::option::of(name()),
        last_name in proptest::option::of(name()),
        more in any::<bool>(),
        key in text(),
        value in text(),
        role in proptest::sample::select(Role::ALL.to_vec()),
        suspension in proptest::option::of((time(), proptest::option::of(time()), proptest::option::of("[=\"',]{0,2}[a-z山 ]{1,9}"))),
        deleted_at in proptest::option::of(time()),
        password in proptest::option::of(time()),
        last_login_at in proptest::option::of(time()),
        (created_at, later) in (time(), 0_i64..1_000_000),
    ) -> User {
        let hex = format!("{id:032x}");
        let metadata = json!({ key.clone(): [value.clone(), 1, -2.5, null, true], "k": { "v": value } });
        User {
            id: UserId::from_uuid(Uuid::from_u128(id)),
            email: Email::parse(&format!("+u-{hex}@bücher.example")).unwrap(),
            email_verified_at: verified,
            username: named.then(|| Username::parse(&format!("N-{}", &hex[..28])).unwrap()),
            profile: Profile {
                first_name,
                last_name,
                phone: more.then(|| Phone::parse("+81312345678").unwrap()),
                avatar_url: None,
                timezone: more.then(|| TimeZoneName::parse("Asia/Tokyo").unwrap()),
                locale: more.then(|| LocaleTag::parse("ja-JP").unwrap()),
                metadata: if more { Metadata::parse(metadata.as_object().unwrap().clone()).unwrap() } else { Metadata::default() },
            },
            role,
            standing: Standing {
                suspension: suspension.map(|(at, until, reason)| Suspension { at, until, reason }),
                deleted_at,
            },
            password: password.map(|_| PasswordHash::new("$2b$04$abcdefghijklmnopqrstuu5s2v8iXieOjg/.AySBTTZIIVFJeBui.".to_owned())),
            password_changed_at: password,
            token_version: 0,
            last_login_at,
            created_at,
            updated_at: Timestamp::from_millis(created_at.millis() + later),
            verify_by: None,
            revision: 0,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn acc12_what_is_exported_is_the_same_when_it_is_imported(users in proptest::collection::vec(user(), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::new().await;
            transact(app.auth.store(), Insert(users)).await.unwrap();
            let expected = all(&app).await;
            for (written, read) in [(ExportFormat::Jsonl, Format::Jsonl), (ExportFormat::Csv, Format::Csv)] {
                let export = Export { format: written, with_hashes: true };
                let file = everything(&app, export).await;
                let there = moved(&file, read).await;
                assert_eq!(all(&there).await, expected);
            }
        });
    }
}

#[tokio::test]
async fn acc12_who_moved_signs_in_as_before() {
    let app = TestApp::new().await;
    app.user("ada").await;
    for (written, read) in [
        (ExportFormat::Jsonl, Format::Jsonl),
        (ExportFormat::Csv, Format::Csv),
    ] {
        let export = Export {
            format: written,
            with_hashes: true,
        };
        let there = moved(&everything(&app, export).await, read).await;
        there.anon().sign_in("ada@example.com", PASSWORD).await;
    }
}

#[tokio::test]
async fn e48_the_api_exports_without_hashes_and_without_formulas() {
    let app = TestApp::new().await;
    let root = app.super_admin().await;
    let ada = app.user("ada").await;
    ada.patch(
        "/api/v1/users/me",
        json!({ "firstName": "=cmd|' /C calc'!A0", "lastName": "@SUM(1)" }),
    )
    .await
    .is(200);
    let csv = root.get("/api/v1/users/export?format=csv").await;
    assert_eq!(
        csv.is(200).header("content-type"),
        "text/csv; charset=utf-8"
    );
    assert_eq!(
        csv.header("content-disposition"),
        "attachment; filename=\"users.csv\""
    );
    assert_eq!(csv.header("cache-control"), "no-store");
    assert!(
        csv.text().contains("\"'=cmd|' /C calc'!A0\",\"'@SUM(1)\""),
        "{}",
        csv.text()
    );
    let lines = root.get("/api/v1/users/export").await;
    assert_eq!(lines.is(200).text().lines().count(), 2);
    for text in [csv.text(), lines.text()] {
        assert!(!text.contains("$2b$") && !text.contains("passwordHash"));
    }
    root.get("/api/v1/users/export?format=xml")
        .await
        .refuses(422, "validation_failed");
    // An address that looks like a user's.
    root.send_raw(Method::POST, "/api/v1/users/export", &[], Body::empty())
        .await
        .refuses(405, "method_not_allowed");
}
