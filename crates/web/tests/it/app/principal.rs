//! Who speaks to an installation, and what they are answered.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use ntt_auth_core::model::{SessionId, UserId};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::document::conform;
use super::events::Events;
use super::{HOME, TestApp};

/// Somebody at the other end of a request.
#[derive(Clone)]
pub(crate) struct Principal {
    app: TestApp,
    pub(crate) access: Option<String>,
    pub(crate) refresh: String,
    pub(crate) agent: String,
    pub(crate) address: IpAddr,
    user: Option<UserId>,
    session: Option<SessionId>,
}

impl Principal {
    pub(super) fn anon(app: &TestApp) -> Self {
        Self {
            app: app.clone(),
            access: None,
            refresh: String::new(),
            agent: "tests/1".to_owned(),
            address: HOME,
            user: None,
            session: None,
        }
    }

    /// The same person with another program.
    pub(crate) fn with_agent(mut self, agent: &str) -> Self {
        agent.clone_into(&mut self.agent);
        self
    }

    /// The same person with another access token.
    pub(crate) fn with_access(mut self, token: &str) -> Self {
        self.access = Some(token.to_owned());
        self
    }

    /// The same person from another address.
    pub(crate) fn at(mut self, address: &str) -> Self {
        self.address = address.parse().unwrap();
        self
    }

    /// Whose account this is.
    pub(crate) fn id(&self) -> UserId {
        self.user.unwrap()
    }

    pub(crate) fn session(&self) -> SessionId {
        self.session.unwrap()
    }

    /// Signs in, and is from then on signed in.
    pub(crate) async fn sign_in(&self, identifier: &str, password: &str) -> Self {
        let answer = self
            .post(
                "/api/v1/auth/login",
                json!({ "identifier": identifier, "password": password }),
            )
            .await;
        assert_eq!(
            answer.status,
            200,
            "{identifier} signs in: {}",
            answer.text()
        );
        self.holding(&answer.json())
    }

    /// Uses the refresh token; the answer is whatever comes of it.
    pub(crate) async fn refresh(&self) -> Answer {
        self.post(
            "/api/v1/auth/refresh",
            json!({ "refreshToken": self.refresh }),
        )
        .await
    }

    /// Uses the refresh token, and has its successor from then on.
    pub(crate) async fn refreshed(&self) -> Self {
        let answer = self.refresh().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.holding(&answer.json())
    }

    /// The same person with these tokens.
    pub(crate) fn holding(&self, tokens: &Value) -> Self {
        Self {
            access: Some(tokens["accessToken"].as_str().unwrap().to_owned()),
            refresh: tokens["refreshToken"].as_str().unwrap().to_owned(),
            user: Some(tokens["user"]["userId"].as_str().unwrap().parse().unwrap()),
            session: Some(tokens["sessionId"].as_str().unwrap().parse().unwrap()),
            ..self.clone()
        }
    }

    /// This program with the tokens of another principal, perhaps of another node.
    pub(crate) fn carrying(&self, other: &Self) -> Self {
        Self {
            app: self.app.clone(),
            agent: self.agent.clone(),
            ..other.clone()
        }
    }

    /// Whether the access token holds: the status and, for a refusal, the code of the validation endpoint.
    pub(crate) async fn validate(&self) -> Answer {
        self.get("/api/v1/auth/validate").await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn post_empty(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// A request with a JSON body, if any.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        match body {
            Some(body) => {
                self.send_raw(
                    method,
                    path,
                    &[("content-type", "application/json")],
                    body.to_string(),
                )
                .await
            }
            None => self.send_raw(method, path, &[], Body::empty()).await,
        }
    }

    /// A request as it is, with headers in addition to one's own.
    pub(crate) async fn send_raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let asked = method.clone();
        let response = self.respond(method, path, headers, body).await;
        let (parts, body) = response.into_parts();
        let streams = parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind == "text/event-stream");
        let body = match streams {
            // It has no end.
            true => Bytes::new(),
            false => body.collect().await.unwrap().to_bytes(),
        };
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        };
        conform(&asked, path, &answer);
        answer
    }

    /// Opens a stream of server-sent events.
    pub(crate) async fn events(&self, path: &str, headers: &[(&str, &str)]) -> Events {
        let response = self.respond(Method::GET, path, headers, "").await;
        Events::of(response)
    }

    async fn respond(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Response<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(USER_AGENT, &self.agent);
        if let Some(access) = &self.access {
            request = request.header(AUTHORIZATION, format!("Bearer {access}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(self.address, 50_000)));
        self.app.router.clone().oneshot(request).await.unwrap()
    }

    /// A body as it is, said to be JSON.
    pub(crate) async fn post_bytes(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let headers = [(CONTENT_TYPE.as_str(), "application/json")];
        self.send_raw(Method::POST, path, &headers, body.into())
            .await
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A header's text; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The `code` of a problem; empty if the answer is none.
    pub(crate) fn code(&self) -> String {
        match self.header("content-type") {
            "application/problem+json" => self.json()["code"].as_str().unwrap().to_owned(),
            _ => String::new(),
        }
    }

    /// The field and the code of each mistake that a problem names.
    pub(crate) fn mistakes(&self) -> Vec<(String, String)> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        errors
            .iter()
            .map(|error| (text(&error["field"]), text(&error["code"])))
            .collect()
    }

    /// Whether it is this refusal, whole and well-formed (RFC 9457).
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.code().as_str()),
            (status, code),
            "{}",
            self.text()
        );
        let body = self.json();
        assert_eq!(body["status"], status);
        assert!(
            body["type"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/docs/errors/{code}")),
            "{body}"
        );
        assert!(
            !body["title"].as_str().unwrap().is_empty()
                && !body["detail"].as_str().unwrap().is_empty(),
            "{body}"
        );
        assert_eq!(body["requestId"], self.header("x-request-id"), "{body}");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.headers.contains_key("www-authenticate"), status == 401);
        assert_eq!(
            self.headers.contains_key("retry-after"),
            status == 429 || status == 503
        );
    }

    /// Whether it is a 422 that names exactly this field and code.
    #[track_caller]
    pub(crate) fn refuses_field(&self, field: &str, code: &str) {
        self.refuses(422, "validation_failed");
        assert_eq!(
            self.mistakes(),
            [(field.to_owned(), code.to_owned())],
            "{}",
            self.text()
        );
    }

    /// Whether it is the success of this status.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }
}
