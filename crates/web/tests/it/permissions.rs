//! `docs/PERMISSIONS.md`, made from the rules, and the rules for single fields (V8.1.2, V8.2.3).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use http::Method;
use ntt_auth_core::model::Role;
use ntt_auth_core::policy::{MATRIX, Reach, Seen, USER_FIELDS, Written};
use serde_json::{Value, json};

use crate::app::{OPERATIONS, TestApp, assert_committed};

const COMMITTED: &str = "../../docs/PERMISSIONS.md";

const HEAD: &str = "\
# Permissions

Made from the rules by a test (`UPDATE_SNAPSHOTS=1 cargo test -p ntt-auth-web permissions`); what stands here is what is enforced.
`GET /api/v1/auth/permissions` publishes the first table.

Every account has one role; from the most to the least powerful: `super_admin`, `admin`, `moderator`, `user` (that of whoever
registers), `guest`. What is not allowed here is refused.

## Actions

";

const BESIDES: &str = "
Besides, whatever the table allows:

- Nobody manages a user of their own or a higher role, super admins excepted; and nobody grants a role above what the table says.
- The last active super admin is neither demoted, suspended, deleted nor erased, by nobody, by whichever way.
- An actor is judged by their role at the moment of the change, within its transaction, not by what their token says. A change of role
  revokes the tokens issued with the old one at once.
- Several users at one time (`POST /api/v1/users/bulk`) are each judged alone, as by a single request.
- Whoever may do something to nobody but themselves is not told whether an id is somebody's: the answer is 403 for every id.
- Moderators search names and user names only, and cannot sort by address: an address is not told letter by letter.

## Fields of a user

Owners see all of theirs. A field is written by nothing but what the last column says: in any other request it is unknown, and refused
with 422 before anything is written.

";

fn table(text: &mut String, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&line(
        &head.iter().map(ToString::to_string).collect::<Vec<_>>(),
    ));
    text.push_str(&line(&vec!["---".to_owned(); head.len()]));
    for row in rows {
        text.push_str(&line(&row));
    }
}

fn named(action: impl serde::Serialize) -> String {
    let name = serde_json::to_value(action).unwrap();
    format!("`{}`", name.as_str().unwrap())
}

/// The document up to the routes.
fn rules() -> String {
    let mut text = HEAD.to_owned();
    let mut head = vec!["action"];
    head.extend(Role::ALL.map(Role::as_str));
    table(
        &mut text,
        &head,
        MATRIX.iter().map(|(action, row)| {
            let mut cells = vec![named(action)];
            cells.extend(row.map(|reach| reach.as_str().to_owned()));
            cells
        }),
    );
    text.push('\n');
    table(
        &mut text,
        &["reach", "meaning"],
        Reach::ALL.map(|reach| vec![reach.as_str().to_owned(), reach.meaning().to_owned()]),
    );
    text.push_str(BESIDES);
    table(
        &mut text,
        &["field", "seen in another user by", "written by"],
        USER_FIELDS.map(|field| {
            let seen = match field.seen {
                Seen::ByReaders => "whoever may read them",
                Seen::InFull => "whoever may read them in full: not by moderators",
                Seen::Never => "nobody, nor by its owner",
            };
            let written = match field.written {
                Written::AsProfile => "its owner and whoever may update them".to_owned(),
                Written::ByProof => {
                    "whoever makes the account; then its owner, by a flow that asks for proof"
                        .to_owned()
                }
                Written::By(action) => format!("whoever may {} them", named(action)),
                Written::ByServer => "the server alone".to_owned(),
            };
            vec![format!("`{}`", field.name), seen.to_owned(), written]
        }),
    );
    text
}

/// Compares the document with the rules and with `routes`, what the routes have answered.
pub(crate) fn assert_document(routes: &str) {
    let mut text = rules();
    write!(
        text,
        "\n## Routes\n\nThe status that each route answers each role with; a test asks them all.\n\n```text\n{routes}```\n",
    )
    .unwrap();
    assert_committed(COMMITTED, &text);
}

/// With the routes it is compared where they are asked, in `matrix.rs`.
#[test]
fn v8_1_1_v8_1_2_the_document_tells_what_the_rules_say() {
    if std::env::var_os("UPDATE_SNAPSHOTS").is_none() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PERMISSIONS.md");
        assert!(std::fs::read_to_string(path).unwrap().starts_with(&rules()));
    }
}

fn names(user: &Value) -> BTreeSet<&str> {
    user.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn v8_2_3_each_view_of_a_user_has_the_fields_that_the_rules_name() {
    let app = TestApp::new().await;
    let (admin, moderator, ada) = (
        app.admin().await,
        app.moderator().await,
        app.user("ada").await,
    );
    let path = format!("/api/v1/users/{}", ada.id());
    let of = |seen: &[Seen]| -> BTreeSet<&str> {
        let fields = USER_FIELDS
            .iter()
            .filter(|field| seen.contains(&field.seen));
        fields.map(|field| field.name).collect()
    };
    let full = admin.get(&path).await.is(200).json();
    assert_eq!(names(&full), of(&[Seen::ByReaders, Seen::InFull]));
    let own = ada.get("/api/v1/users/me").await.is(200).json();
    assert_eq!(names(&own), of(&[Seen::ByReaders, Seen::InFull]));
    let limited = moderator.get(&path).await.is(200).json();
    assert_eq!(names(&limited), of(&[Seen::ByReaders]));
}

/// A value of the right kind, so that only the rule can be what refuses it.
fn value(field: &str) -> Value {
    match field {
        "userId" => json!("0199a6f2-7c3e-7b1d-9f52-3d1c2b4a5e6f"),
        "email" => json!("eve@example.com"),
        "username" => json!("countess"),
        "role" => json!("super_admin"),
        "isActive" | "isEmailVerified" | "isSuperuser" => json!(true),
        "phone" => json!("+442071234567"),
        "avatarUrl" => json!("https://example.com/ada.png"),
        "timezone" => json!("Europe/London"),
        "locale" => json!("en-GB"),
        "metadata" => json!({ "a": 1 }),
        "password" => json!("Difference-Engine-1822"),
        "tokenVersion" => json!(1),
        "firstName" | "lastName" => json!("Ada"),
        _ => json!("2030-01-01T00:00:00Z"),
    }
}

#[tokio::test]
async fn v8_2_3_e40_a_profile_takes_the_fields_that_the_rules_name_and_no_other() {
    let app = TestApp::new().await;
    let (root, ada) = (app.super_admin().await, app.user("ada").await);
    let other = format!("/api/v1/users/{}", ada.id());
    for field in USER_FIELDS {
        let body = json!({ field.name: value(field.name) });
        for answer in [
            ada.patch("/api/v1/users/me", body.clone()).await,
            root.patch(&other, body).await,
        ] {
            if field.written == Written::AsProfile {
                assert_eq!(answer.is(200).json()[field.name], value(field.name));
            } else {
                answer.refuses_field(&format!("/{}", field.name), "unknown_field");
            }
        }
    }
    let stored = app.stored(ada.id()).await;
    assert_eq!((stored.role, stored.token_version), (Role::User, 0));
}

/// Every route that takes JSON refuses every field of a user that it does not document (V15.3.3).
#[tokio::test]
async fn v15_3_3_e40_no_write_takes_a_field_that_it_does_not_document() {
    let app = TestApp::new().await;
    let (root, ada) = (app.super_admin().await, app.user("ada").await);
    let mut asked = 0;
    for operation in OPERATIONS.iter() {
        let content = &operation.value["requestBody"]["content"]["application/json"]["schema"];
        if content.is_null() || operation.path.contains("/test/") {
            continue;
        }
        let documented = documented(content);
        let path = operation.path.replace("{userId}", &ada.id().to_string());
        let method: Method = operation.method.clone();
        let smuggled = USER_FIELDS.iter().map(|field| field.name).chain([
            "id",
            "user_id",
            "tenant_id",
            "isAdmin",
            "emailVerified",
            "permissions",
        ]);
        for name in smuggled.filter(|name| !documented.contains(*name)) {
            let answer = root
                .send(method.clone(), &path, Some(json!({ name: value(name) })))
                .await;
            assert!(
                answer
                    .mistakes()
                    .contains(&(format!("/{name}"), "unknown_field".to_owned())),
                "{method} {path} with {name}: {} {}",
                answer.status,
                answer.text()
            );
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
    let stored = app.stored(ada.id()).await;
    assert_eq!(stored.role, Role::User);
}

/// The names of the fields of a schema, wherever it is composed of others.
fn documented(schema: &'static Value) -> BTreeSet<String> {
    let schema = crate::app::resolved(schema);
    let mut names: BTreeSet<String> = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys().cloned())
        .collect();
    for part in ["allOf", "oneOf", "anyOf"] {
        for inner in schema[part].as_array().into_iter().flatten() {
            names.extend(documented(inner));
        }
    }
    names
}
