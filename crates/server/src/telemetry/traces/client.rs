//! The way to the collector: the HTTP client that the server has anyway.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};

use crate::telemetry::Chain;

/// An answer says how many spans were refused, if any were.
const MOST_OCTETS: usize = 1 << 16;

/// Why the last attempt failed; the exporter itself tells no more than that it did.
#[derive(Debug, Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, what: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }
}

/// Sends to the collector, and waits no longer than is configured.
#[derive(Debug)]
pub(super) struct CollectorClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
    trouble: Trouble,
}

impl CollectorClient {
    pub(super) fn new(timeout: Duration, trouble: Trouble) -> Self {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        // The protocol versions are constants of that provider, so there is no error to be had.
        let connector = match HttpsConnectorBuilder::new().with_provider_and_webpki_roots(provider)
        {
            Ok(connector) => connector,
            Err(_) => HttpsConnectorBuilder::new().with_webpki_roots(),
        };
        Self {
            client: Client::builder(TokioExecutor::new())
                .build(connector.https_or_http().enable_http1().build()),
            timeout,
            trouble,
        }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.client.request(request.map(Full::new)).await?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MOST_OCTETS).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = tokio::time::timeout(self.timeout, self.send(request)).await;
        let answer =
            sent.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.timeout).into()));
        if let Err(error) = &answer {
            self.trouble.note(Chain(error.as_ref()).to_string());
        }
        answer
    }
}
