//! `ntt-auth healthcheck`

use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Failure, print, wait};
use crate::settings::{Settings, reachable};

/// How long a healthy server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the configured server whether it is ready.
pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    let address = reachable(settings.http.listen);
    let status = wait(async {
        match tokio::time::timeout(PATIENCE, ask(address)).await {
            Err(_) => Err(Failure::Unhealthy(format!(
                "{address} did not answer within {} s",
                PATIENCE.as_secs()
            ))),
            Ok(Err(error)) => Err(Failure::Unhealthy(format!(
                "{address} does not answer: {error}"
            ))),
            Ok(Ok(status)) => Ok(status),
        }
    })?;
    if !status.is_success() {
        return Err(Failure::Unhealthy(format!(
            "{address} is up and not ready: it answered {status}"
        )));
    }
    print(&format!("{address} is ready.\n"))
}

async fn ask(address: SocketAddr) -> Result<StatusCode, Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/health/ready")
        .header("host", address.to_string())
        .body(Empty::<Bytes>::new())?;
    let answer = tokio::select! {
        answer = sender.send_request(request) => answer?,
        ended = connection => {
            ended?;
            return Err("the connection was closed".into());
        }
    };
    Ok(answer.status())
}
