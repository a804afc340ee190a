//! The OpenAPI document, held against every answer that the tests see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use http::{Method, StatusCode};
use serde_json::Value;

/// One documented operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) value: Value,
    statuses: BTreeSet<u16>,
}

/// The document as it is served.
pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(ntt_auth_web::openapi()).unwrap());

/// Every operation, by path and method.
pub(crate) static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let paths: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_value(DOCUMENT["paths"].clone()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in paths {
        for (method, value) in methods {
            let statuses = value["responses"]
                .as_object()
                .unwrap()
                .keys()
                .map(|status| status.parse().unwrap())
                .collect();
            let method = method.to_uppercase().parse().unwrap();
            operations.push(Operation {
                method,
                path: path.clone(),
                value,
                statuses,
            });
        }
    }
    operations
});

/// Fails if a documented operation answers with a status that its documentation does not name.
pub(crate) fn conform(method: &Method, path: &str, status: StatusCode) {
    let path = path.split('?').next().unwrap_or_default();
    let found = OPERATIONS
        .iter()
        .filter(|operation| operation.method == *method && operation.matches(path));
    // `/users/me` is told apart from `/users/{userId}` by having no variable part.
    if let Some(operation) = found.min_by_key(|operation| operation.path.matches('{').count()) {
        let documented = operation.statuses.contains(&status.as_u16());
        assert!(
            documented,
            "{method} {} answers {status}, which its documentation does not name",
            operation.path
        );
    }
}

impl Operation {
    fn matches(&self, path: &str) -> bool {
        let (mine, theirs) = (self.path.split('/'), path.split('/'));
        mine.clone().count() == theirs.clone().count()
            && mine
                .zip(theirs)
                .all(|(mine, theirs)| mine.starts_with('{') || mine == theirs)
    }
}
