//! The OpenAPI document, held against every answer that the tests see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use http::Method;
use serde_json::Value;

use super::Answer;

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
/// or with JSON of another shape.
pub(crate) fn conform(method: &Method, path: &str, answer: &Answer) {
    let (status, content_type) = (answer.status, answer.header("content-type"));
    let path = path.split('?').next().unwrap_or_default();
    let found = OPERATIONS
        .iter()
        .filter(|operation| operation.method == *method && operation.matches(path));
    // `/users/me` is told apart from `/users/{userId}` by having no variable part.
    if let Some(operation) = found.min_by_key(|operation| operation.path.matches('{').count()) {
        let name = format!("{method} {}", operation.path);
        let documented = operation.statuses.contains(&status.as_u16());
        assert!(
            documented,
            "{name} answers {status}, which its documentation does not name"
        );
        let response = resolved(&operation.value["responses"][status.as_str()]);
        let schema = &response["content"][content_type]["schema"];
        if content_type.ends_with("json") && content_type != "application/x-ndjson" {
            assert!(
                !schema.is_null(),
                "{name} {status} is {content_type} without a schema"
            );
            fits(schema, &answer.json(), &format!("{name} {status}"));
        }
    }
}

/// What a reference refers to, or what stands there itself.
pub(crate) fn resolved(value: &'static Value) -> &'static Value {
    let reference = value.get("$ref").and_then(Value::as_str);
    reference.map_or(value, |reference| {
        DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap()
    })
}

/// Fails unless a value has the type, the members and the items that its schema tells of, and no others.
fn fits(schema: &'static Value, value: &Value, place: &str) {
    let schema = resolved(schema);
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        // A schema without a type is one of several: none of ours is looked into.
        _ => return,
    };
    assert!(
        types.contains(&kind) || (kind == "integer" && types.contains(&"number")),
        "{place} is {kind}, not {types:?}"
    );
    if let Some(values) = schema["enum"].as_array() {
        assert!(
            value.is_null() || values.contains(value),
            "{place} is {value}"
        );
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for item in items {
            fits(schema, item, place);
        }
    }
    if let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object())
    {
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            assert!(members.contains_key(name), "{place} lacks {name}");
        }
        for (name, member) in members {
            let schema = properties
                .get(name)
                .unwrap_or_else(|| panic!("{place} has {name}, which no schema names"));
            fits(schema, member, &format!("{place} {name}"));
        }
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
