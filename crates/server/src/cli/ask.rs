//! Asking the running server, for commands about the process itself.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Failure, wait};
use crate::settings::{Settings, reachable};

/// What a server answered.
pub(super) struct Answer {
    pub(super) address: SocketAddr,
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// Sends one request to the configured server, with a JSON body if there is one.
pub(super) fn ask(
    settings: &Settings,
    patience: Duration,
    method: Method,
    path: &str,
    body: Option<&serde_json::Value>,
) -> Result<Answer, Failure> {
    let address = reachable(settings.http.listen);
    wait(async {
        match tokio::time::timeout(patience, send(address, method, path, body)).await {
            Err(_) => Err(Failure::Unhealthy(format!(
                "{address} did not answer within {} s",
                patience.as_secs()
            ))),
            Ok(Err(error)) => Err(Failure::Unhealthy(format!(
                "{address} does not answer: {error}"
            ))),
            Ok(Ok((status, body))) => Ok(Answer {
                address,
                status,
                body,
            }),
        }
    })
}

async fn send(
    address: SocketAddr,
    method: Method,
    path: &str,
    body: Option<&serde_json::Value>,
) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", address.to_string());
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let text = body.map(serde_json::Value::to_string).unwrap_or_default();
    let request = request.body(Full::new(Bytes::from(text)))?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>((status, body))
    };
    tokio::select! {
        answer = exchange => Ok(answer?),
        ended = connection => {
            ended?;
            Err("the connection was closed".into())
        }
    }
}
