//! Whatever is sent, nothing breaks.

use std::sync::LazyLock;

use http::Method;
use ntt_auth_core::model::Role;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use crate::app::{OPERATIONS, Principal, TestApp};

/// One installation for all cases, with a store that they fill.
struct Stage {
    runtime: Runtime,
    admin: Principal,
    anon: Principal,
    target: String,
}

static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let (admin, anon, target) = runtime.block_on(async {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let target = app.account("target", Role::User).await.id.to_string();
        (admin, app.anon(), target)
    });
    Stage {
        runtime,
        admin,
        anon,
        target,
    }
});

impl Stage {
    fn send(&self, method: &Method, path: &str, body: Vec<u8>) -> u16 {
        let path = path
            .replace("{userId}", &self.target)
            .replace("{sessionId}", &self.target);
        // Whoever signed out could ask nothing more.
        let caller = if path.ends_with("/logout") {
            &self.anon
        } else {
            &self.admin
        };
        let headers = [("content-type", "application/json")];
        let answer = self
            .runtime
            .block_on(caller.send_raw(method.clone(), &path, &headers, body));
        answer.status.as_u16()
    }
}

/// Routes with a body.
fn with_body() -> impl Strategy<Value = (Method, &'static str)> {
    let routes: Vec<(Method, &'static str)> = OPERATIONS
        .iter()
        .filter(|operation| {
            operation.value["requestBody"]["content"]
                .get("application/json")
                .is_some()
        })
        .map(|operation| (operation.method.clone(), operation.path.as_str()))
        .collect();
    select(routes)
}

/// Fields that some route knows.
const KNOWN: &[&str] = &[
    "email",
    "password",
    "username",
    "identifier",
    "refreshToken",
    "currentPassword",
    "newPassword",
    "firstName",
    "lastName",
    "phone",
    "avatarUrl",
    "timezone",
    "locale",
    "metadata",
    "role",
    "until",
    "reason",
    "deviceName",
];

fn field() -> impl Strategy<Value = String> {
    prop_oneof![9 => select(KNOWN).prop_map(str::to_owned), 1 => any::<String>()]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z]{1,8}@[a-z]{1,8}\\.(com|example)",
        "[A-Za-z0-9!\u{0}\u{fc}\u{1f680}-]{8,80}",
        select(
            &[
                "user",
                "admin",
                "2030-01-01T00:00:00Z",
                "ja",
                "UTC",
                "https://x.example/"
            ][..]
        )
        .prop_map(str::to_owned),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    let value = prop_oneof![3 => text().prop_map(Value::from), 1 => json()];
    prop::collection::btree_map(field(), value, 0..6)
        .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_object_is_answered_without_a_fault((method, path) in with_body(), body in object()) {
        let status = STAGE.send(&method, path, body.to_string().into_bytes());
        prop_assert!(status < 500, "{method} {path} {body}: {status}");
    }

    #[test]
    fn any_json_is_answered_without_a_fault((method, path) in with_body(), body in json()) {
        let status = STAGE.send(&method, path, body.to_string().into_bytes());
        prop_assert!(status < 500, "{method} {path} {body}: {status}");
    }

    #[test]
    fn any_bytes_are_answered_without_a_fault((method, path) in with_body(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let status = STAGE.send(&method, path, body);
        prop_assert!((400..500).contains(&status) || status == 200, "{method} {path}: {status}");
    }

    #[test]
    fn any_query_is_answered_without_a_fault(name in "[a-zA-Z%&=]{0,12}", value in "[ -~]{0,40}") {
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let status = STAGE.send(&Method::GET, &format!("/api/v1/users?{}={value}", name.replace('%', "%25")), Vec::new());
        prop_assert!(status == 200 || status == 422, "{name}={value}: {status}");
    }

    #[test]
    fn any_token_is_refused(token in "[!-~]{0,300}") {
        let holder = STAGE.admin.clone().with_access(&token);
        let answer = STAGE.runtime.block_on(holder.validate());
        prop_assert_eq!(answer.status.as_u16(), 401);
    }
}
