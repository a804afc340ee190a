//! The OpenAPI document (OPS-6).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::app::{DOCUMENT, OPERATIONS, Operation, TestApp, assert_committed, resolved};

/// By way of a value, whose members are sorted, so that the text changes only where the document does.
#[test]
fn the_document_is_the_committed_one() {
    let mut text = serde_json::to_string_pretty(&*DOCUMENT).unwrap();
    text.push('\n');
    assert_committed("../../openapi/ntt-auth.json", &text);
}

#[tokio::test]
async fn the_document_is_served_as_it_is() {
    let app = TestApp::new().await;
    let served = app.anon().get("/openapi.json").await;
    assert_eq!(served.is(200).json(), *DOCUMENT);
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
}

fn of_the_api() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS
        .iter()
        .filter(|operation| operation.path.starts_with("/api/v1/"))
}

#[test]
fn every_route_has_a_summary_a_tag_an_id_of_its_own_and_says_how_it_refuses() {
    let mut ids = BTreeSet::new();
    for operation in OPERATIONS.iter() {
        let name = format!("{} {}", operation.method, operation.path);
        let value = &operation.value;
        assert!(
            value["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{name} has no summary"
        );
        assert!(
            value["tags"].as_array().is_some_and(|tags| tags.len() == 1),
            "{name} has no tag"
        );
        assert!(
            ids.insert(value["operationId"].as_str().unwrap().to_owned()),
            "{name} shares its id"
        );
    }
    for operation in of_the_api() {
        let name = format!("{} {}", operation.method, operation.path);
        let responses = operation.value["responses"].as_object().unwrap();
        for (status, response) in responses {
            let response = resolved(response);
            let refusal = status.as_str() >= "400";
            let content = response["content"].as_object().cloned().unwrap_or_default();
            if refusal {
                let problem = &content["application/problem+json"];
                assert_eq!(
                    problem["schema"]["$ref"], "#/components/schemas/Problem",
                    "{name} {status}"
                );
                for (code, example) in problem["examples"].as_object().unwrap() {
                    assert_eq!(example["value"]["code"], *code, "{name} {status}");
                    assert_eq!(example["value"]["status"].to_string(), *status, "{name}");
                    assert!(
                        response["description"]
                            .as_str()
                            .unwrap()
                            .contains(&format!("`{code}`")),
                        "{name}"
                    );
                }
            } else if status != "204" {
                let file = name.ends_with("/users/export") && content.contains_key("text/csv");
                let stream = content.contains_key("text/event-stream");
                assert!(
                    file || stream || content.contains_key("application/json"),
                    "{name} {status}"
                );
            }
        }
        for status in ["414", "431", "500"] {
            assert!(
                responses.contains_key(status),
                "{name} does not tell of {status}"
            );
        }
        let secured = operation.value["security"].as_array().is_some();
        // These refuse cookies that another page uses.
        let cookies = ["/auth/login", "/auth/refresh"];
        let forbids =
            responses.contains_key("403") && !cookies.iter().any(|route| name.ends_with(route));
        assert_eq!(secured, forbids || name.ends_with("/validate"), "{name}");
        let named = |name: &str| {
            let parameters = operation.value["parameters"].as_array();
            parameters.is_some_and(|all| {
                all.iter()
                    .any(|one| one["name"] == name && one["in"] == "path")
            })
        };
        for part in operation.path.split(['{', '}']).skip(1).step_by(2) {
            assert!(named(part), "{name} does not tell of {part}");
        }
        if operation.value.get("requestBody").is_some() {
            for status in ["400", "408", "413", "415", "422"] {
                assert!(
                    responses.contains_key(status),
                    "{name} does not tell of {status}"
                );
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_has_an_example() {
    let mut references = BTreeSet::new();
    collect(&DOCUMENT, &mut references);
    for reference in &references {
        let found = DOCUMENT.pointer(reference.trim_start_matches('#'));
        assert!(found.is_some(), "{reference} leads nowhere");
    }
    for operation in of_the_api() {
        let body = operation.value.get("requestBody");
        // A file of rows has no schema as a whole.
        if let Some(body) = body.filter(|body| body["content"].get("text/csv").is_none()) {
            let schema = &body["content"]["application/json"]["schema"];
            let mut references = BTreeSet::new();
            collect(schema, &mut references);
            let name = references
                .first()
                .unwrap_or_else(|| panic!("{} takes an unnamed body", operation.path));
            let schema = DOCUMENT.pointer(name.trim_start_matches('#')).unwrap();
            assert!(schema.get("example").is_some(), "{name} has no example");
            assert_eq!(
                schema["additionalProperties"], false,
                "{name} takes unknown fields"
            );
        }
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(
                members
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            members
                .values()
                .for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
