use std::collections::HashSet;

use http_body_util::BodyExt as _;
use ntt_auth_core::flow::Fault;
use ntt_auth_core::model::Invalid;
use ntt_auth_core::store::StoreError;

use super::*;

#[test]
fn every_code_has_a_name_a_title_an_error_status_and_a_page() {
    let names: HashSet<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), ProblemCode::ALL.len());
    for code in ProblemCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert!(code.status().is_client_error() || code.status().is_server_error());
        assert!(code.page().contains("## What to do"), "{}", code.as_str());
        assert_eq!(
            code.challenge().is_some(),
            code.status() == http::StatusCode::UNAUTHORIZED,
            "{}",
            code.as_str()
        );
    }
}

async fn body(problem: Problem) -> serde_json::Value {
    let bytes = problem
        .into_response()
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_problem_has_the_members_of_rfc_9457_and_names_each_field() {
    let mut errors = FieldErrors::new();
    errors.add(
        "/password",
        Invalid::new("too_short", "A password has at least 8 characters."),
    );
    let response = Problem::invalid(errors.clone()).into_response();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    let told = body(Problem::invalid(errors)).await;
    assert_eq!(told["status"], 422);
    assert_eq!(told["code"], "validation_failed");
    assert_eq!(told["errors"][0]["field"], "/password");
    assert_eq!(told["type"], "/docs/errors/validation_failed");
}

#[tokio::test]
async fn a_fault_tells_the_stranger_nothing() {
    let fault = Fault::Store(StoreError::unavailable("disk full at /srv/secret"));
    let problem = Problem::from(fault);
    assert_eq!(problem.code(), ProblemCode::Unavailable);
    assert!(problem.seconds_to_wait().is_some());
    assert!(!body(problem).await.to_string().contains("secret"));
    let defect = Problem::from(Fault::Store(StoreError::corrupt("users.role")));
    assert_eq!(defect.code(), ProblemCode::Internal);
    assert!(!body(defect).await.to_string().contains("users.role"));
}
